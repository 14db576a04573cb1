import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main as flash } from '../../src/cli/dfu-flash.ts';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import { someBytes } from '../flash/support.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { simulation, TRUST } from './flash-support.ts';

const SIMULATED = ['lamp.dfupkg', ...TRUST, '--simulate', 'ble112'];

/** A folder with lamp.dfupkg, a raw image for a BLE112. */
async function folderWithPackage(): Promise<string> {
  const folder = await tempFolder();
  const io = testIo(folder);
  await writeFile(join(folder, 'lamp.bin'), someBytes(3000));
  const argv = ['lamp.bin', '--product', 'lamp', '--fw-version', '1.0.0', '--part', 'ble112'];
  expect(await pack(['keygen', 'k'], io)).toBe(0);
  expect(await pack([...argv, '--key', 'k.key.pem', '-o', 'lamp.dfupkg'], io), io.stderr()).toBe(0);
  return folder;
}

describe('dfu-flash for a BLE112', () => {
  test.each([['ble1xx'], ['auto']])(
    '--protocol %s: packs without being told the address, uploads, and warns that it is experimental',
    async (protocol) => {
      const io = testIo(await folderWithPackage());
      expect(await flash([...SIMULATED, '--protocol', protocol, '--json'], io), io.stderr()).toBe(0);
      expect(JSON.parse(io.stdout())).toMatchObject({
        result: 'flashed',
        protocol: 'ble1xx',
        port: 'virtual ble112 (simulated)',
        confirmation: 'booted',
        images: [{ format: 'raw', size: 3000 }],
        options: { chunkBytes: 64 },
      });
      expect(io.stderr()).toMatch(/Warning: the BLE1xx protocol is experimental/);
    },
  );

  test('--dry-run prints the pieces', async () => {
    const io = testIo(await folderWithPackage());
    const argv = ['lamp.dfupkg', ...TRUST, '--protocol', 'ble1xx', '--dry-run', '--chunk-size', '32'];
    expect(await flash(argv, io)).toBe(0);
    // 93 of 32 bytes, then 16 and 8.
    expect(io.stdout()).toContain('3000 bytes in 95 requests of at most 32 bytes');
  });

  test('a virtual Gecko is no BLE112, and says which virtual device is one', async () => {
    const io = testIo(await folderWithPackage());
    const argv = ['lamp.dfupkg', ...TRUST, '--simulate', 'gecko', '--protocol', 'ble1xx'];
    expect(await flash(argv, io)).toBe(2);
    expect(io.stderr()).toMatch(/gecko is no ble112[\s\S]*ble112/);
  });

  test('simulate ble112 is one for other programs: identified, and updated', async () => {
    const folder = await folderWithPackage();
    const device = await simulation(folder, ['--tcp', '--json'], 'ble112');
    expectValid('simulation-v1', JSON.parse(device.io.stdout()));
    const io = testIo(folder);
    const port = ['--port', device.address, '--protocol', 'ble1xx'];
    expect(await flash(['identify', ...port, '--json'], io), io.stderr()).toBe(0);
    expect(JSON.parse(io.stdout())).toMatchObject({ protocol: 'ble1xx', running: 'bootloader' });
    const upload = testIo(folder);
    const argv = ['lamp.dfupkg', ...TRUST, ...port, '--confirm', 'none'];
    expect(await flash(argv, upload), upload.stderr()).toBe(0);
    expect(await device.end()).toBe(0);
  });
});
