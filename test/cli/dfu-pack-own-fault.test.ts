import { readdir } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import type * as Build from '../../src/pack/build.ts';
import { ABOUT, AT, bench } from './dfu-pack-fixture.ts';

// A fault of dfukit itself: the packing damages a byte of the image.
vi.mock('../../src/pack/build.ts', async (importOriginal) => {
  const { buildPackage } = await importOriginal<typeof Build>();
  return {
    buildPackage: async (input: Build.BuildInput) => {
      const built = await buildPackage(input);
      const segments = built.segments.map((segment) => segment.slice());
      const largest = segments.reduce((a, b) => (b.length > a.length ? b : a));
      largest[largest.length >> 1]! ^= 1;
      return { ...built, segments };
    },
  };
});

test('a package that build made wrong is never handed out, and its maker is not blamed', async () => {
  const b = await bench();
  const before = await readdir(b.folder);
  const said = await b.refused(1, 'pack.self-check', 'app.bin', ...ABOUT, ...AT, '-o', 'out');
  expect(said).toMatch(/package\.[a-z0-9-]+/);
  expect(said).not.toContain('was not made by dfu-pack');
  expect(await readdir(b.folder)).toEqual(before);
});
