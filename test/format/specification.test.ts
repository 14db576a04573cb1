import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, hex32, toHex, utf8 } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import { ERRORS, isErrorCode } from '../../src/core/errors.ts';
import { verifyEd25519 } from '../../src/crypto/ed25519.ts';
import { decodePublicKeyPem, publicKeyDer } from '../../src/crypto/public-key.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { PAYLOAD_TYPES } from '../../src/format/dsse.ts';
import * as limits from '../../src/format/limits.ts';
import { decodeManifest, encodeManifest, IDENTIFIER_TYPES, KEY_ORDER } from '../../src/format/manifest.ts';
import { EXTENSION, encodePackage, MEDIA_TYPE } from '../../src/format/package.ts';
import { decodeSignatures, encodeSignatures, packageId, signedMessage } from '../../src/format/signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { CENTRAL, END, type Field, LOCAL } from '../../src/format/zip-records.ts';
import { hexBytes } from '../support/ed25519.ts';

const DOC = readFileSync(new URL('../../docs/package-format.md', import.meta.url), 'utf8').replaceAll(
  '\r\n',
  '\n',
);

/** What stands in the fenced block of this name. */
function block(name: string): string {
  const found = new RegExp(`\`\`\`${name}\n(.*?)\`\`\``, 's').exec(DOC);
  if (found === null) throw new Error(`the specification has no block ${name}`);
  return found[1] as string;
}

const hexBlock = (name: string): Bytes => hexBytes(block(name).replace(/\s/g, ''));
const line = (name: string): string => block(name).trimEnd();

/** The rows of the table under this line, cell by cell. */
function table(heading: string): string[][] {
  const after = DOC.slice(DOC.indexOf(`\n${heading}\n`) + heading.length + 2);
  const rows = /(?:^\|.*\|\n)+/m.exec(after)?.[0].trimEnd().split('\n') ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('the example of the specification', () => {
  test('is the package that the code writes', async () => {
    const source = hexBlock('source');
    const image = hexBlock('image');
    const manifest = encodeManifest({
      formatVersion: 1,
      name: 'hello',
      version: '1.0.0',
      securityCounter: 0,
      target: { product: 'example' },
      images: [
        {
          name: 'app',
          role: 'application',
          format: 'raw',
          startAddress: '0x00004000',
          sourceName: 'hello.bin',
          sourceSize: source.length,
          sourceSha256: toHex(await sha256(source)),
          size: image.length,
          alignment: 4,
          padByte: '0xff',
          crc32: hex32(crc32(image)),
          sha256: toHex(await sha256(image)),
        },
      ],
    });
    expect(block('json')).toBe(new TextDecoder().decode(manifest));
    expect(line('package-id')).toBe(await packageId(manifest));

    const message = await signedMessage(manifest);
    expect(hexBlock('message')).toEqual(message);

    const key = await decodePublicKeyPem(block('pem'));
    expect(hexBlock('key')).toEqual(publicKeyDer(key));
    expect(line('key-id')).toBe(key.keyId);

    const rfc8032 = JSON.parse(
      readFileSync(new URL('../vectors/ed25519/rfc8032.json', import.meta.url), 'utf8'),
    );
    const privateKey = createPrivateKey({
      key: Buffer.from(`302e020100300506032b657004220420${rfc8032.cases[0].seed}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    });
    const signature = new Uint8Array(sign(null, message, privateKey));
    expect(hexBlock('signature')).toEqual(signature);
    expect(await verifyEd25519(key, message, signature)).toBe(true);

    const signatures = encodeSignatures([{ keyId: key.keyId, signature }]);
    expect(line('signatures')).toBe(new TextDecoder().decode(signatures));

    const images = [{ name: 'app', format: 'raw' as const, bytes: image }];
    const bytes = concat(encodePackage({ manifest, signatures, images }));
    expect(writtenPackage()).toEqual(bytes);
    expect(line('package-sha256')).toBe(toHex(await sha256(bytes)));
  });

  test('is read back', () => {
    const { manifestBytes, signaturesBytes, images } = openContainer(writtenPackage());
    expect(decodeManifest(manifestBytes).images[0]?.name).toBe('app');
    expect(decodeSignatures(signaturesBytes ?? new Uint8Array())).toHaveLength(1);
    expect(images[0]?.bytes).toEqual(hexBlock('image'));
  });

  test('gives the sizes that its text says', () => {
    expect(DOC).toContain(`\`manifest.json\` is ${block('json').length} bytes`);
    expect(DOC).toContain(`\`signatures.json\`, ${line('signatures').length} bytes`);
    expect(DOC).toContain(`The package, ${writtenPackage().length} bytes`);
  });
});

/** The package as the block `package` has it, each line at the offset that it claims. */
function writtenPackage(): Bytes {
  const parts: Bytes[] = [];
  for (const row of line('package').split('\n')) {
    const [offset = '', content = ''] = row.split(/ {2}/);
    expect(Number.parseInt(offset, 16), row).toBe(concat(parts).length);
    if (content === '(manifest.json)') parts.push(utf8(block('json')));
    else if (content === '(signatures.json)') parts.push(utf8(line('signatures')));
    else parts.push(hexBytes(content.replaceAll(' ', '')));
  }
  return concat(parts);
}

describe('the tables of the specification', () => {
  test.each<[string, readonly Field[]]>([
    ['Local header, 30 bytes:', LOCAL],
    ['Central header, 46 bytes:', CENTRAL],
    ['End record, 22 bytes:', END],
  ])('%s', (heading, record) => {
    let offset = 0;
    const expected = record.map(({ label, width, fixed }) => {
      const row = [String(offset), String(width), label, fixed];
      offset += width;
      return row;
    });
    const rows = table(heading).map(([at, width, label, value = '']) => {
      const hex = /^`(0x[0-9a-f]+)`$/.exec(value)?.[1];
      return [at, width, label, hex === undefined ? undefined : Number(hex)];
    });
    expect(rows).toEqual(expected);
    expect(heading).toContain(`${offset} bytes`);
  });

  test('limits', () => {
    const rows = table('All are inclusive. A reader enforces them before it allocates or parses.');
    const documented = rows.map(([, value = '', constant = '']): [string, number] => [
      constant.replaceAll('`', ''),
      Number(/(?:1 to )?([0-9]+)/.exec(value)?.[1]),
    ]);
    const { MIN_IMAGE_BYTES, ADDRESS_SPACE_BYTES, ...named } = limits;
    expect(Object.fromEntries(documented)).toEqual(named);
    expect([MIN_IMAGE_BYTES, ADDRESS_SPACE_BYTES]).toEqual([1, 2 ** 32]);
  });

  test.each<[string, readonly string[]]>([
    ['### The manifest', KEY_ORDER.manifest],
    ['`target`:', KEY_ORDER.target],
    ['An image:', KEY_ORDER.image],
    ['`provenance` has at least one of:', KEY_ORDER.provenance],
  ])('%s has all fields in their order, and says which are required', (heading, keys) => {
    const rows = table(heading);
    expect(rows.map(([field]) => field?.replaceAll('`', ''))).toEqual(keys);
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/manifest-v1.schema.json', import.meta.url), 'utf8'),
    );
    const { target, provenance } = schema.properties;
    const object = { '### The manifest': schema, '`target`:': target, 'An image:': schema.$defs.image }[
      heading
    ];
    const required: string[] = (object ?? provenance).required ?? [];
    expect(
      rows.filter(([, need]) => need === 'required').map(([field]) => field?.replaceAll('`', '')),
    ).toEqual(required);
  });

  test('identifiers', () => {
    const start = DOC.indexOf('| `type` | `value` |');
    const types = [...DOC.slice(start, DOC.indexOf('\n\n', start)).matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      (m) => m[1],
    );
    expect(types.slice(1)).toEqual(IDENTIFIER_TYPES);
  });

  test('name only error codes that there are, and every one of the form of a package', () => {
    const codes = [...DOC.matchAll(/`((?:package|format|trust|policy)\.[a-z0-9-]+)`/g)].map(
      (m) => m[1] as string,
    );
    expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
    const formCodes = Object.keys(ERRORS).filter((code) =>
      /^(format\.|package\.(?!image-source))/.test(code),
    );
    expect(formCodes.filter((code) => !codes.includes(code))).toEqual([]);
  });

  test('constants', () => {
    for (const constant of [PAYLOAD_TYPES.manifest, MEDIA_TYPE, EXTENSION]) expect(DOC).toContain(constant);
  });
});
