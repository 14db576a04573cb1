import fc from 'fast-check';
import { type Bytes, concat, u32le } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';

// Written from the format's description, without the codec: what it makes must not agree with the codec's mistakes.
export const ID = {
  header: 0x03a617eb,
  'version-dependency': 0x76a617eb,
  'se-upgrade': 0x5ea617eb,
  'enc-init': 0xfa0606fa,
  application: 0xf40a0af4,
  bootloader: 0xf50909f5,
  prog: 0xfe0101fe,
  eraseprog: 0xfd0303fd,
  'prog-lz4': 0xfd0505fd,
  'prog-lzma': 0xfd0707fd,
  delta: 0xf80a0af8,
  'delta-lz4': 0xf80b0bf8,
  'delta-lzma': 0xf80c0cf8,
  metadata: 0xf60808f6,
  'enc-gbl-data': 0xf90707f9,
  certificate: 0xf30b0bf3,
  signature: 0xf70a0af7,
  end: 0xfc0404fc,
} as const;
export type Name = keyof typeof ID;

/** A file of these tags in this order, with header and a right CRC. */
export function gblFile(tags: readonly (readonly [Name | number, Bytes])[], typeBits = 0): Bytes {
  return finished([['header', concat([u32le(0x03000000), u32le(typeBits)])], ...tags]);
}

/** The same without a header of its own. */
export function finished(tags: readonly (readonly [Name | number, Bytes])[]): Bytes {
  const parts = tags.flatMap(([name, payload]) => [
    u32le(typeof name === 'number' ? name : ID[name]),
    u32le(payload.length),
    payload,
  ]);
  const body = concat([...parts, u32le(ID.end), u32le(4)]);
  return concat([body, u32le(crc32(body))]);
}

export const bytesOf = (length: number, fill = 0): Bytes => new Uint8Array(length).fill(fill);
export const prog = (address: number, data: Bytes): Bytes => concat([u32le(address), data]);
export const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array): Bytes => array.slice());

type Tag = readonly [Name, Bytes];
const many = (arbitrary: fc.Arbitrary<Tag>, maxLength = 3) => fc.array(arbitrary, { maxLength });
const maybe = (arbitrary: fc.Arbitrary<Tag>) => fc.array(arbitrary, { maxLength: 1 });
const of = (name: Name, min: number, max = min): fc.Arbitrary<Tag> =>
  bytes(min, max).map((payload) => [name, payload] as const);
const address = fc.nat(0xffff_0000).map((value) => value & ~3);
const atAddress = (name: Name): fc.Arbitrary<Tag> =>
  fc.tuple(address, bytes(1, 40)).map(([at, data]) => [name, prog(at >>> 0, data)] as const);

const dependency: fc.Arbitrary<Bytes> = fc
  .tuple(
    fc.constantFrom(1, 2, 3),
    fc.constantFrom(0, 2, 4, 6, 8),
    fc.constantFrom(0, 0x20),
    fc.constantFrom(0, 0x01, 0x10, 0x11),
    bytes(4, 4),
  )
  .map(([image, operator, connective, negations, version]) =>
    concat([Uint8Array.of(image, operator | connective | negations, 0, 0), version]),
  );
const dependencies: fc.Arbitrary<Tag> = fc
  .array(dependency, { minLength: 1, maxLength: 4 })
  .map((list) => ['version-dependency', concat(list)] as const);
const bootloader: fc.Arbitrary<Tag> = fc
  .tuple(bytes(4, 4), address, bytes(1, 40))
  .map(([version, at, data]) => ['bootloader', concat([version, u32le(at), data])] as const);
const delta = (name: Name): fc.Arbitrary<Tag> =>
  fc
    .tuple(bytes(4, 4), fc.nat(0xffff), address, bytes(1, 40))
    .map(([crc, size, at, data]) => [name, concat([crc, u32le(size), u32le(at), data])] as const);
const content = fc.oneof(
  atAddress('prog'),
  atAddress('eraseprog'),
  atAddress('prog-lz4'),
  atAddress('prog-lzma'),
  delta('delta'),
  delta('delta-lz4'),
  delta('delta-lzma'),
  of('metadata', 0, 60),
);
const signing = fc
  .tuple(fc.boolean(), maybe(of('certificate', 136)), of('signature', 64))
  .map(([signed, certificate, signature]) => (signed ? [...certificate, signature] : []));

export interface Sample {
  encrypted: boolean;
  signed: boolean;
  /** Between header and end. */
  tags: readonly Tag[];
  file: Bytes;
}

const plain = fc
  .tuple(
    many(dependencies, 2),
    maybe(of('application', 28)),
    maybe(of('se-upgrade', 9, 40)),
    maybe(bootloader),
    many(content, 6),
    signing,
  )
  .map((groups) => ({ encrypted: false, groups }));
const encrypted = fc
  .tuple(
    many(dependencies, 2),
    maybe(of('se-upgrade', 9, 40)),
    of('enc-init', 16).map((tag) => [tag]),
    fc.array(of('enc-gbl-data', 8, 60), { minLength: 1, maxLength: 4 }),
    signing,
  )
  .map((groups) => ({ encrypted: true, groups }));

/** Files that obey the format, of every shape it has. */
export const goodFile: fc.Arbitrary<Sample> = fc.oneof(plain, encrypted).map(({ encrypted, groups }) => {
  const tags = groups.flat();
  const signed = tags.some(([name]) => name === 'signature');
  return { encrypted, signed, tags, file: gblFile(tags, (encrypted ? 1 : 0) | (signed ? 0x100 : 0)) };
});
