import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main as flash } from '../../src/cli/dfu-flash.ts';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import { main as verify } from '../../src/cli/dfu-verify.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { sha256Hex } from '../verify/fixture.ts';

const FOLDER = new URL('../../../shared/vectors/gbl/', import.meta.url);

/** Runs one program in a folder, with `--json`; its exit code and its one document. */
async function run(folder: string, main: typeof pack, argv: readonly string[]) {
  const io = testIo(folder);
  const exit = await main([...argv, '--json'], io);
  return { exit, document: JSON.parse(io.stdout()), stderr: io.stderr() };
}

/** Home Assistant SkyConnect is an EFR32MG21 with 512 KiB. */
const ABOUT = ['--product', 'skyconnect', '--part', 'efr32mg21f512', '--key', 'maker.key.pem'];
const TRUST = ['--key', 'maker.pub.pem', '--product', 'skyconnect', '--require', 'target'];

const RECIPE = `formatVersion: 1
images:
  - name: bootloader
    role: bootloader
    file: b.gbl
  - name: application
    role: application
    file: a.gbl
`;

describe('what vendors ship is packed, verified and flashed', () => {
  test.each([
    ['skyconnect_rcp_4.1.3.gbl', '4.1.3', 'application', 'booted', []],
    ['skyconnect_zigbee_ncp_7.4.4.0.gbl', '7.4.4', 'application', 'booted', []],
    ['skyconnect_bootloader_2.1.1.gbl', '2.1.1', 'bootloader', 'none', ['--confirm', 'none']],
  ])('%s', async (file, version, role, confirmation, flashing) => {
    const folder = await tempFolder();
    await copyFile(new URL(file, FOLDER), join(folder, file));
    const made = await run(folder, pack, ['keygen', 'maker']);
    expect([made.exit, made.stderr]).toEqual([0, '']);

    const argv = [file, '--fw-version', version, '--role', role, ...ABOUT, '-o', 'p.dfupkg'];
    const packed = await run(folder, pack, argv);
    expect(packed.exit, packed.stderr).toBe(0);
    expectValid('pack-report-v1', packed.document);

    const judged = await run(folder, verify, ['p.dfupkg', ...TRUST]);
    expect(judged.exit, judged.stderr).toBe(0);
    expectValid('verify-report-v1', judged.document);
    const [{ report }] = judged.document.packages;
    expect(report).toMatchObject({
      verdict: 'trusted',
      package: { version, images: [{ role, format: 'gbl' }] },
    });

    const flashed = await run(folder, flash, [
      'upload',
      'p.dfupkg',
      ...TRUST,
      '--simulate',
      'gecko',
      ...flashing,
    ]);
    expect(flashed.exit, flashed.stderr).toBe(0);
    expectValid('flash-report-v1', flashed.document);
    expect(flashed.document).toMatchObject({
      result: 'flashed',
      confirmation,
      verification: { packageId: report.packageId },
    });

    const extracted = await run(folder, verify, ['extract', 'p.dfupkg', ...TRUST, '-o', 'out', '--source']);
    expect(extracted.exit, extracted.stderr).toBe(0);
    const [{ file: out }] = extracted.document.packages[0].extracted;
    expect(sha256Hex(readFileSync(join(folder, out)))).toBe(sha256Hex(readFileSync(join(folder, file))));
  });

  test('a bootloader alone starts nothing on a blank device, and that is said', async () => {
    const folder = await tempFolder();
    await copyFile(new URL('skyconnect_bootloader_2.1.1.gbl', FOLDER), join(folder, 'b.gbl'));
    expect((await run(folder, pack, ['keygen', 'maker'])).exit).toBe(0);
    const argv = ['b.gbl', '--fw-version', '2.1.1', '--role', 'bootloader', ...ABOUT, '-o', 'p.dfupkg'];
    expect((await run(folder, pack, argv)).exit).toBe(0);
    const { exit, document } = await run(folder, flash, ['p.dfupkg', ...TRUST, '--simulate', 'gecko']);
    expectValid('flash-report-v1', document);
    expect([exit, document.error.code]).toEqual([7, 'device.back-in-bootloader']);
  });

  test('a bootloader and the application for it go in one package, in this order', async () => {
    const folder = await tempFolder();
    for (const [file, name] of [
      ['skyconnect_bootloader_2.1.1.gbl', 'b.gbl'],
      ['skyconnect_zigbee_ncp_7.4.4.0.gbl', 'a.gbl'],
    ] as const) {
      await copyFile(new URL(file, FOLDER), join(folder, name));
    }
    await writeFile(join(folder, 'dfu.yaml'), RECIPE);
    expect((await run(folder, pack, ['keygen', 'maker'])).exit).toBe(0);
    const argv = ['--recipe', 'dfu.yaml', '--fw-version', '7.4.4', ...ABOUT, '-o', 'p.dfupkg'];
    const packed = await run(folder, pack, argv);
    expect(packed.exit, packed.stderr).toBe(0);
    expect((await run(folder, verify, ['p.dfupkg', ...TRUST])).exit).toBe(0);
    const flashed = await run(folder, flash, ['p.dfupkg', ...TRUST, '--simulate', 'gecko']);
    expect(flashed.exit, flashed.stderr).toBe(0);
    expectValid('flash-report-v1', flashed.document);
    expect(flashed.document).toMatchObject({ result: 'flashed', confirmation: 'booted' });
  });

  test('an EBL is refused by name, and no package is made', async () => {
    const folder = await tempFolder();
    await copyFile(new URL('ncp-uart-sw-6.4.1.ebl', FOLDER), join(folder, 'ncp.ebl'));
    expect((await run(folder, pack, ['keygen', 'maker'])).exit).toBe(0);
    const { exit, document } = await run(folder, pack, [
      'ncp.ebl',
      '--fw-version',
      '6.4.1',
      ...ABOUT,
      '-o',
      'p',
    ]);
    expect([exit, document.error.code]).toEqual([2, 'image.unsupported-format']);
    expect(document.error.message).toContain('EBL');
    expect((await run(folder, verify, ['p', ...TRUST])).document.packages[0].error.code).toBe(
      'input.not-found',
    );
  });
});
