import { link, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { version } from '../../src/core/version.ts';
import { openContainer } from '../../src/format/zip.ts';
import { decodeGbl, wrapRaw } from '../../src/images/gbl/codec.ts';
import { cortexImage, testSigner, verdictOf } from '../pack/fixture.ts';
import { ABOUT, AT, type Bench, bench, keyIdsOf, manifestOf } from './dfu-pack-fixture.ts';

const MINIMAL = ['app.bin', ...ABOUT, ...AT];

/** The manifest of what these options make of app.bin. */
async function manifestBy(b: Bench, ...argv: string[]) {
  await b.ok(...argv, '-o', 'out', '--force');
  return manifestOf(await b.read('out'));
}

describe('dfu-pack build', () => {
  test('is the default command, and makes a package that dfu-verify trusts', async () => {
    const b = await bench();
    const { stdout, stderr } = await b.ok(...MINIMAL, '--key', 'a.pem', '-o', 'thermo.dfupkg');
    const bytes = await b.read('thermo.dfupkg');
    expect(await verdictOf([bytes], [await testSigner(1)])).toBe('trusted');
    expect(stderr).toBe('');
    for (const text of ['thermo.dfupkg', 'acme-thermo', '1.2.3', keyIdsOf(bytes)[0]!, '0x00006000']) {
      expect(stdout).toContain(text);
    }
    await b.ok('build', ...MINIMAL, '--key', 'a.pem', '--output', 'again.dfupkg');
    expect(await b.read('again.dfupkg')).toEqual(bytes);
  });

  test('is called NAME-VERSION.dfupkg unless it is said otherwise, and leaves nothing else behind', async () => {
    const b = await bench();
    const before = await readdir(b.folder);
    await b.ok(...MINIMAL, '--name', 'thermo-fw');
    expect((await readdir(b.folder)).sort()).toEqual([...before, 'thermo-fw-1.2.3.dfupkg'].sort());
  });

  test('tells as one JSON document what it made', async () => {
    const b = await bench();
    const document = await b.json(...MINIMAL, '--key', 'a.pem', '--key', 'b.pem', '-o', 'out');
    const bytes = await b.read('out');
    expect(document).toMatchObject({
      command: 'build',
      output: 'out',
      size: bytes.length,
      package: { name: 'acme-thermo', version: '1.2.3', product: 'acme-thermo', securityCounter: 0 },
      signedBy: keyIdsOf(bytes),
      images: [{ name: 'application', sourceName: 'app.bin', sourceSize: 201, treatment: 'padded' }],
      warnings: [],
    });
    expect(document.signedBy).toHaveLength(2);
  });

  test('says that a package without a signature has none', async () => {
    const b = await bench();
    const { stdout, stderr } = await b.ok(...MINIMAL, '-o', 'out');
    expect(stdout).toContain('signed by   nobody');
    expect(stderr).toContain('warning:');
    expect((await b.json(...MINIMAL, '-o', 'out2')).warnings).toEqual([
      { code: 'unsigned', message: expect.any(String) },
    ]);
  });

  test('writes what each option says', async () => {
    const b = await bench();
    const manifest = await manifestBy(
      b,
      'app.bin',
      ...['--name', 'fw', '--fw-version', '2.0.0-rc.1', '--security-counter', '0x10'],
      ...['--product', 'p', '--hardware', 'A1', '--hardware', 'B2', '--part', 'efr32bg22f512'],
      ...['--start-address', '24576', '--image-format', 'raw', '--role', 'application'],
      ...['--align', '512', '--pad-byte', '0x00', '--device-version', '0x10203'],
    );
    expect(manifest).toMatchObject({
      name: 'fw',
      version: '2.0.0-rc.1',
      securityCounter: 16,
      target: { product: 'p', part: 'efr32bg22f512', hardware: ['A1', 'B2'] },
      images: [
        {
          role: 'application',
          format: 'raw',
          startAddress: '0x00006000',
          size: 512,
          alignment: 512,
          padByte: '0x00',
          deviceVersion: '0x00010203',
        },
      ],
    });
    expect((await manifestBy(b, ...MINIMAL, '--role', 'data')).images[0]?.role).toBe('data');
  });

  test('wraps for a part that takes GBLs, and says that this is no vendor signature', async () => {
    const b = await bench();
    const { stderr } = await b.ok('app.bin', ...ABOUT, '--part', 'efr32bg22', '-o', 'out');
    expect(stderr).toContain('secure boot');
    const { images } = openContainer(await b.read('out'));
    expect(decodeGbl(images[0]!.bytes).programs[0]?.data).toEqual(cortexImage({ size: 201 }));
    await b.ok(...MINIMAL, '--image-format', 'gbl', '-o', 'out2');
    expect(manifestOf(await b.read('out2')).images[0]?.format).toBe('gbl');
  });

  test('takes a GBL as it is, whatever its name', async () => {
    const b = await bench();
    const application = { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) };
    const gbl = wrapRaw({ image: cortexImage(), startAddress: 0x6000, application });
    await b.write('firmware.hex', gbl);
    const document = await b.json('firmware.hex', ...ABOUT, '-o', 'out');
    expect(document.images).toMatchObject([
      { format: 'gbl', treatment: 'unchanged', startAddress: '0x00006000' },
    ]);
    await b.refused(2, 'pack.raw-from-gbl', 'firmware.hex', ...ABOUT, '--image-format', 'raw', '-o', 'o2');
  });

  test('refuses what is no firmware image by what it is, naming the file', async () => {
    const b = await bench();
    await b.write('app.bin', ':10010000214601360121470136007EFE09D2190140\n');
    const said = await b.refused(2, 'image.unsupported-format', ...MINIMAL, '-o', 'out');
    expect(said).toContain('app.bin');
    expect(said).toContain('Intel HEX');
    expect(await readdir(b.folder)).not.toContain('out');
  });

  test('records a file name that a manifest can not hold in a form that it can', async () => {
    const b = await bench();
    await b.write('größe 1.bin', cortexImage());
    const document = await b.json('größe 1.bin', ...ABOUT, ...AT, '-o', 'out');
    expect(document.images[0]?.sourceName).toBe('gr__e 1.bin');
    expect(document.warnings).toContainEqual({
      code: 'source-name',
      image: 'application',
      message: expect.stringContaining('gr__e 1.bin'),
    });
  });

  test('warns of an expiry that has passed, by the time of day, and packs all the same', async () => {
    const recipe = 'formatVersion: 1\nnotAfter: "2026-01-01T00:00:00Z"\n';
    for (const [now, codes] of [
      ['2025-12-31T23:59:59Z', ['unsigned']],
      ['2026-01-01T00:00:00Z', ['unsigned', 'expired']],
    ] as const) {
      const b = await bench(new Date(now));
      await b.write('dfu.yaml', recipe);
      const document = await b.json(...MINIMAL, '--recipe', 'dfu.yaml', '-o', 'out');
      expect(document.warnings.map(({ code }) => code)).toEqual(codes);
    }
  });
});

describe('an output that is there', () => {
  test('is kept, unless --force replaces it', async () => {
    const b = await bench();
    await b.write('out', 'precious');
    await b.refused(2, 'output.exists', ...MINIMAL, '-o', 'out');
    expect(Buffer.from(await b.read('out')).toString()).toBe('precious');
    await b.ok(...MINIMAL, '-o', 'out', '--force');
    expect(await verdictOf([await b.read('out')], [])).toBe('accepted-unsigned');
  });

  test('is kept when it is a link that leads nowhere', async () => {
    if (process.platform === 'win32') return expect(process.platform).toBe('win32');
    const b = await bench();
    await symlink('nowhere', join(b.folder, 'out'));
    await b.refused(2, 'output.exists', ...MINIMAL, '-o', 'out');
    expect(await readdir(b.folder)).not.toContain('nowhere');
  });

  test('is never an input of the run, whatever it is called and forced', async () => {
    const b = await bench();
    await link(join(b.folder, 'a.pem'), join(b.folder, 'other-name'));
    const before = await b.read('a.pem');
    for (const file of ['app.bin', 'a.pem', 'other-name']) {
      await b.refused(2, 'usage.invalid', ...MINIMAL, '--key', 'a.pem', '-o', file, '--force');
    }
    await b.write('dfu.yaml', 'formatVersion: 1\n');
    await b.refused(2, 'usage.invalid', ...MINIMAL, '--recipe', 'dfu.yaml', '-o', 'dfu.yaml', '--force');
    expect(await b.read('a.pem')).toEqual(before);
  });

  test.each(['-', ''])('is a file: not "%s"', async (file) => {
    const b = await bench();
    const before = await readdir(b.folder);
    await b.refused(2, 'usage.invalid', ...MINIMAL, '-o', file);
    expect(await readdir(b.folder)).toEqual(before);
  });

  test('in a folder that is not there, or is a folder, is an error', async () => {
    const b = await bench();
    await b.refused(2, 'output.failed', ...MINIMAL, '-o', 'none/out');
    await mkdir(join(b.folder, 'taken'));
    await b.refused(2, 'output.exists', ...MINIMAL, '-o', 'taken');
    await b.refused(2, 'output.failed', ...MINIMAL, '-o', 'taken', '--force');
  });

  test('has the mode that the umask leaves', async () => {
    if (process.platform === 'win32') return expect(process.platform).toBe('win32');
    const b = await bench();
    const umask = process.umask(0o027);
    try {
      await b.ok(...MINIMAL, '-o', 'out');
    } finally {
      process.umask(umask);
    }
    expect((await stat(join(b.folder, 'out'))).mode & 0o777).toBe(0o640);
  });
});

describe('keys', () => {
  test('that others can read are used with a warning', async () => {
    if (process.platform === 'win32') return expect(process.platform).toBe('win32');
    const b = await bench();
    await b.write('open.pem', await b.read('a.pem'));
    const document = await b.json(...MINIMAL, '--key', 'open.pem', '-o', 'out');
    expect(document.warnings).toMatchObject([{ code: 'key-open-to-others' }]);
    expect(document.warnings[0]?.message).toContain('open.pem');
  });

  test.each([
    ['public', 'a.pub', 'trust.key-public'],
    ['missing', 'none.pem', 'input.not-found'],
    ['no key', 'app.bin', 'trust.signing-key-malformed'],
  ])('that are %s are refused before anything is written', async (_, file, code) => {
    const b = await bench();
    await b.refused(2, code, ...MINIMAL, '--key', file, '-o', 'out');
    expect(await readdir(b.folder)).not.toContain('out');
  });

  test('given twice are refused', async () => {
    const b = await bench();
    await b.refused(2, 'pack.already-signed', ...MINIMAL, '--key', 'a.pem', '--key', 'a.pem', '-o', 'out');
  });
});

describe('a command line that can not be understood', () => {
  test.each([
    ['no product', ['app.bin', '--fw-version', '1.0.0', ...AT], 'recipe.incomplete', '--product'],
    ['no version', ['app.bin', '--product', 'p', ...AT], 'recipe.incomplete', '--fw-version'],
    ['no image', [...ABOUT, ...AT], 'recipe.incomplete', 'image'],
    ['no start address', ['app.bin', ...ABOUT], 'pack.start-address-missing', '--start-address'],
    [
      'a version that is none',
      ['app.bin', ...AT, '--product', 'p', '--fw-version', 'v1.2'],
      'pack.version-invalid',
      '1.2.0',
    ],
    ['a number with a unit', [...MINIMAL, '--align', '4k'], 'usage.invalid', '--align'],
    ['an alignment that is no power of two', [...MINIMAL, '--align', '12'], 'usage.invalid', '--align'],
    ['a pad byte that is none', [...MINIMAL, '--pad-byte', '256'], 'usage.invalid', '--pad-byte'],
    ['a counter that is none', [...MINIMAL, '--security-counter', '-1'], 'usage.invalid', 'counter'],
    ['an address that is none', ['app.bin', ...ABOUT, '--start-address', '6000h'], 'usage.invalid', '6000h'],
    ['a device version that is none', [...MINIMAL, '--device-version', '1.2'], 'usage.invalid', 'device'],
    ['a format that is none', [...MINIMAL, '--image-format', 'elf'], 'usage.invalid', 'auto'],
    ['a role that is none', [...MINIMAL, '--role', 'app'], 'usage.invalid', 'application'],
    ['an option that is none', [...MINIMAL, '--sign'], 'usage.invalid', '--sign'],
    ['two images', ['app.bin', ...MINIMAL], 'usage.invalid', 'argument'],
    ['a part that is none', [...MINIMAL, '--part', 'stm32'], 'pack.part-unknown', 'stm32'],
    ['a file that is not there', ['none.bin', ...ABOUT, ...AT], 'input.not-found', 'none.bin'],
  ])('(%s) says what is wrong', async (_, argv, code, word) => {
    const b = await bench();
    const before = await readdir(b.folder);
    expect(await b.refused(2, code, ...argv)).toContain(word);
    expect(await readdir(b.folder)).toEqual(before);
  });

  test('with --json is told as an error document', async () => {
    const b = await bench();
    const { exit, stdout } = await b.run(
      'app.bin',
      ...AT,
      '--product',
      'p',
      '--fw-version',
      'v1.2',
      '--json',
    );
    expect([exit, JSON.parse(stdout).error.code]).toEqual([2, 'pack.version-invalid']);
  });
});

test('help shows every option of build, and the version is the program’s', async () => {
  const b = await bench();
  const help = (await b.ok('build', '--help')).stdout;
  for (const option of [
    ...['--name', '--fw-version', '--product', '--hardware', '--part', '--start-address', '--image-format'],
    ...['--role', '--align', '--pad-byte', '--security-counter', '--device-version', '--key', '--recipe'],
    ...['--template', '-o, --output', '--force', '--print-recipe', '--json', 'secure boot'],
  ]) {
    expect(help).toContain(option);
  }
  const about = (await b.ok('--help')).stdout;
  for (const command of ['build', 'init', 'templates', 'keygen', 'sign', 'tbs', 'attach', 'Examples:']) {
    expect(about).toContain(command);
  }
  expect((await b.ok('--version')).stdout).toBe(`${version}\n`);
  expect((await b.run()).exit).toBe(2);
});

test('an image of a megabyte goes through unharmed', async () => {
  const b = await bench();
  const image = concat([cortexImage(), new Uint8Array(2 ** 20).fill(0xa5)]);
  await b.write('big.bin', image);
  await b.ok('big.bin', ...ABOUT, ...AT, '--key', 'a.pem', '-o', 'out');
  const bytes = await b.read('out');
  expect(openContainer(bytes).images[0]?.bytes).toEqual(image);
  expect(await verdictOf([bytes], [await testSigner(1)])).toBe('trusted');
});
