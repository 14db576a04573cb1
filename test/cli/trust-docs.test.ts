import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main as verify } from '../../src/cli/dfu-verify.ts';
import { TRUST_LINT } from '../../src/verify/trust-lint.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';

test('there is nothing to say against the example of docs/trust-files.md', async () => {
  const docs = await readFile(new URL('../../docs/trust-files.md', import.meta.url), 'utf8');
  const folder = await tempFolder();
  await writeFile(join(folder, 'trust.yaml'), /```yaml\n(.*?)```/s.exec(docs)?.[1] ?? '');
  const io = testIo(folder, { now: new Date('2027-01-01T00:00:00Z') });
  expect(await verify(['trust', 'check', 'trust.yaml', '--strict'], io), io.stderr() + io.stdout()).toBe(0);
});

test('docs/trust-files.md names every finding of trust check', async () => {
  const docs = await readFile(new URL('../../docs/trust-files.md', import.meta.url), 'utf8');
  for (const code of Object.keys(TRUST_LINT)) expect(docs).toContain(`\`${code}\``);
});
