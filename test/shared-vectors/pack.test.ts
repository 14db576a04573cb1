import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { openContainer } from '../../src/format/zip.ts';
import { ABOUT, bench, manifestOf } from '../cli/dfu-pack-fixture.ts';
import { testSigner, verdictOf } from '../pack/fixture.ts';

const FOLDER = new URL('../../../shared/vectors/gbl/', import.meta.url);
const read = async (name: string) => new Uint8Array(await readFile(new URL(name, FOLDER)));

test.each([
  ['skyconnect_zigbee_ncp_7.4.4.0.gbl', 'application', '0x00004000'],
  ['skyconnect_rcp_4.1.3.gbl', 'application', '0x00004000'],
  ['skyconnect_bootloader_2.1.1.gbl', 'bootloader', undefined],
])('%s goes in unchanged, and is trusted when it comes out', async (file, role, startAddress) => {
  const b = await bench();
  const gbl = await read(file);
  await b.write(file, gbl);
  await b.ok(file, ...ABOUT, '--role', role, '--part', 'efr32mg21', '--key', 'a.pem', '-o', 'out');
  const bytes = await b.read('out');
  expect(await verdictOf([bytes], [await testSigner(1)])).toBe('trusted');
  expect(manifestOf(bytes).images[0]).toMatchObject({ format: 'gbl', role, sourceName: file });
  expect(manifestOf(bytes).images[0]?.startAddress).toBe(startAddress);
  const [image] = openContainer(bytes).images;
  const padding = new Uint8Array((4 - (gbl.length % 4)) % 4).fill(0xff);
  expect(image?.bytes).toEqual(concat([gbl, padding]));
});

test('a bootloader is not taken for an application', async () => {
  const b = await bench();
  await b.write('boot.gbl', await read('skyconnect_bootloader_2.1.1.gbl'));
  await b.refused(2, 'pack.gbl-role', 'boot.gbl', ...ABOUT, '-o', 'out');
});

test('an EBL is refused by name', async () => {
  const b = await bench();
  await b.write('ncp.ebl', await read('ncp-uart-sw-6.4.1.ebl'));
  const said = await b.refused(2, 'image.unsupported-format', 'ncp.ebl', ...ABOUT, '-o', 'out');
  expect(said).toContain('EBL');
});
