import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, u32le, utf8 } from '../../src/core/bytes.ts';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import { describeFile } from '../../src/inspect/describe.ts';
import { renderDescription } from '../../src/inspect/render-text.ts';
import { expectValid } from '../support/schema.ts';
import { SAMPLE_IMAGE, samplePackage, sha256Hex, testKey } from '../verify/fixture.ts';

const key = await testKey(1);
const gbl = wrapRaw({
  image: SAMPLE_IMAGE,
  startAddress: 0x4000,
  application: { type: 0x20, version: 0x10200, capabilities: 0, productId: new Uint8Array(16) },
});
const cortexM = new Uint8Array(
  readFileSync(new URL('../../demo/firmware/thermo-1.0.0.bin', import.meta.url)),
);

const files: [string, Bytes][] = [
  ['package', await samplePackage({ keys: [key] })],
  [
    'package',
    await samplePackage({
      images: [
        { bytes: gbl, entry: { format: 'gbl', startAddress: '0x00004000' } },
        { bytes: SAMPLE_IMAGE, held: new Uint8Array(32) },
      ],
      manifest: {
        target: {
          product: 'p',
          vendor: 'Acme',
          hardware: ['A'],
          identifiers: [{ type: 'usb-id', value: '1234:5678' }],
        },
        requires: { bootloader: { min: '1', below: '2' } },
        provenance: { sourceRevision: 'abc' },
        annotations: { 'acme.example/line': '4' },
      },
    }),
  ],
  ['gbl3', gbl],
  ['raw', SAMPLE_IMAGE],
  ['raw', cortexM],
  ['raw', new Uint8Array(0)],
  ['elf', concat([Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), new Uint8Array(60)])],
  ['package', (await samplePackage({ keys: [key] })).slice(0, -3)],
  ['gbl3', gbl.slice(0, -3)],
];

describe('a description', () => {
  test.each(files)(
    'of a %s follows its schema and says in each line what is only claimed',
    async (kind, bytes) => {
      const description = await describeFile(bytes);
      expect(description.kind).toBe(kind);
      expect(description.verified).toBe(false);
      expectValid('inspect-report-v1', description);
      const text = renderDescription(description, 'f');
      expect(text.split('\n')[1]).toContain('NOT VERIFIED');
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    },
  );

  test('of a package marks every claim of its manifest and signatures', async () => {
    const text = renderDescription(await describeFile(files[1]?.[1] as Bytes), 'f');
    const claimed = ['name', 'version', 'security counter', 'product', 'vendor', 'hardware', 'usb-id'];
    for (const name of [...claimed, 'requires bootloader', 'source revision', 'acme.example/line']) {
      const line = text.split('\n').find((l) => l.startsWith(`${name}: `));
      expect([name, line?.endsWith('  [not verified]')]).toEqual([name, true]);
    }
    expect(text).toContain('says OTHER size');
    expect(text).toContain('says the same size');
  });

  test('computes what it says is computed', async () => {
    const { computed } = await describeFile(SAMPLE_IMAGE);
    expect(computed).toMatchObject({ size: 32, sha256: sha256Hex(SAMPLE_IMAGE) });
  });

  test('goes on where a part is not sound, and says why', async () => {
    const broken = (await describeFile(files[7]?.[1] as Bytes)).problems;
    expect(broken.map((problem) => problem.code)).toEqual(['package.truncated']);
    expect((await describeFile(files[8]?.[1] as Bytes)).problems[0]?.code).toMatch(/^image\.gbl-/);
  });

  test('finds out of a Cortex-M image where it goes and what it says it is', async () => {
    const { raw } = await describeFile(cortexM);
    expect(raw?.vectorTable).toBeDefined();
    expect(raw?.startAddress?.source).toBe('guess');
    expect(raw?.application?.version).toBe('0x00010000');
  });

  test('of an encrypted or very long GBL stays short', async () => {
    const many = wrapRaw({
      image: new Uint8Array(40_000),
      startAddress: 0,
      application: { type: 1, version: 1, capabilities: 0, productId: new Uint8Array(16) },
    });
    expect(renderDescription(await describeFile(many), 'f').split('\n').length).toBeLessThan(40);
  });

  test('of any bytes is a description, never an exception', async () => {
    const heads = [new Uint8Array(0), utf8('PK\u0003\u0004'), u32le(0x03a617eb), gbl, files[0]?.[1] as Bytes];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), async (head, tail) => {
        const description = await describeFile(concat([head, tail]));
        expect(renderDescription(description, 'f')).toMatch(/^[\x20-\x7e\n]*$/);
      }),
      { numRuns: 300 },
    );
  });
});
