import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

test('nobody but verifyPackage can make a verified package', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const naming = files.filter((file) => readFileSync(join(src, file), 'utf8').includes('makeVerified'));
  expect(naming.map((file) => file.replaceAll('\\', '/')).sort()).toEqual([
    'verify/verified-package.ts',
    'verify/verify.ts',
  ]);
  const barrels = files.filter((file) =>
    /export \*.*verified-package/.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(barrels).toEqual([]);
});
