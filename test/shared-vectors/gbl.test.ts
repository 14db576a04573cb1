import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, toHex } from '../../src/core/bytes.ts';
import { DfuError } from '../../src/core/errors.ts';
import { findApplicationProperties, readVectorTable } from '../../src/images/cortex-m.ts';
import { decodeGbl, encodeGbl, programBytes } from '../../src/images/gbl/codec.ts';
import { recognise } from '../../src/images/recognise.ts';

const FOLDER = new URL('../../../shared/vectors/gbl/', import.meta.url);
const read = async (name: string): Promise<Bytes> => new Uint8Array(await readFile(new URL(name, FOLDER)));

const FILES = [
  'skyconnect_bootloader_2.1.1.gbl',
  'skyconnect_rcp_4.1.3.gbl',
  'skyconnect_zigbee_ncp_7.4.4.0.gbl',
];

describe('firmware files of a vendor', () => {
  test('an application is read with its addresses, identity and metadata', async () => {
    const gbl = decodeGbl(await read('skyconnect_zigbee_ncp_7.4.4.0.gbl'));
    expect(gbl.tags.map(({ name }) => name)).toEqual([
      'header',
      'application',
      'eraseprog',
      'metadata',
      'end',
    ]);
    expect(gbl).toMatchObject({ encrypted: false, signed: false, lowestAddress: 0x4000, deltas: [] });
    expect(gbl.application).toMatchObject({ type: 1, version: 1, capabilities: 0 });
    expect(toHex(gbl.application?.productId ?? new Uint8Array())).toBe('e9926794bb2c4ec89f36d9c6794a81fb');
    expect(gbl.programs).toMatchObject([{ tag: 'eraseprog', compression: 'none', address: 0x4000 }]);
    expect(JSON.parse(new TextDecoder().decode(gbl.metadata[0]))).toMatchObject({ baudrate: 115200 });
    expect(gbl.endOffset).toBe(239_463);
  });

  test('a bootloader has a version and an address, and nothing that an application could be taken for', async () => {
    const gbl = decodeGbl(await read('skyconnect_bootloader_2.1.1.gbl'));
    expect(gbl.bootloader).toEqual({ version: 0x02010001, address: 0, length: 11_260 });
    expect(gbl.lowestAddress).toBeUndefined();
    expect(programBytes(gbl)).toBeUndefined();
  });

  test.each(FILES)('%s comes out of the encoder byte for byte', async (name) => {
    const file = await read(name);
    const gbl = decodeGbl(file);
    expect(toHex(encodeGbl(gbl.tags.slice(1, -1)))).toBe(toHex(file.subarray(0, gbl.endOffset)));
  });

  test.each(FILES)(
    '%s with any byte changed is refused, before its end by CRC or structure',
    async (name) => {
      const file = await read(name);
      const property = fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = file.slice();
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(() => decodeGbl(changed)).toThrow(DfuError);
      });
      fc.assert(property, { numRuns: 60 });
    },
  );

  test.each(FILES)('%s cut anywhere is refused', async (name) => {
    const file = await read(name);
    const { endOffset } = decodeGbl(file);
    fc.assert(
      fc.property(fc.nat(endOffset - 1), (length) => {
        expect(() => decodeGbl(file.slice(0, length))).toThrow(DfuError);
      }),
      { numRuns: 60 },
    );
  });

  test('each is recognised by its bytes, the EBL as what it is', async () => {
    for (const name of FILES) expect(recognise(await read(name)).kind).toBe('gbl3');
    expect(recognise(await read('ncp-uart-sw-6.4.1.ebl')).kind).toBe('ebl');
  });

  test('the image inside an application starts with a vector table and tells its properties', async () => {
    for (const name of FILES.slice(1)) {
      const gbl = decodeGbl(await read(name));
      const source = programBytes(gbl);
      expect(source?.address).toBe(0x4000);
      const image = source?.bytes ?? new Uint8Array();
      const vectors = readVectorTable(image);
      expect((vectors?.initialSp ?? 0) >>> 24).toBe(0x20);
      expect((vectors?.resetVector ?? 0) & 1).toBe(1);
      expect(findApplicationProperties(image, 0x4000)?.application).toEqual(gbl.application);
    }
  });
});
