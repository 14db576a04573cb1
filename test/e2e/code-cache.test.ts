import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';

const BIN = fileURLToPath(new URL('../../dist/bin/', import.meta.url));
const PROGRAMS = ['dfu-pack', 'dfu-verify', 'dfu-flash'];

test.each(PROGRAMS)('V8 takes the compiled code of %s', (name) => {
  const filename = join(BIN, `${name}.program.js`);
  const cache = readdirSync(BIN).find(
    (file) => file.startsWith(`${name}.program.js.`) && file.endsWith('.cache'),
  );
  const source = readFileSync(filename, 'latin1');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const script = new Script(wrapped, { cachedData: readFileSync(join(BIN, cache ?? 'no cache')) });
  expect(script.cachedDataRejected).toBe(false);
});

test.each(PROGRAMS)('%s is the same program where there is no compiled code for it', async (name) => {
  const folder = await tempFolder();
  cpSync(BIN, folder, { recursive: true, filter: (file) => !file.endsWith('.cache') });
  const help = (at: string) => execFileSync(process.execPath, [join(at, `${name}.js`), '--help']).toString();
  expect(help(folder)).toContain(`Usage: ${name}`);
  expect(help(folder)).toBe(help(BIN));
});

test.each(PROGRAMS)(
  '%s is what stands in its source, also where compiled code of another state lies beside it',
  async (name) => {
    const folder = await tempFolder();
    cpSync(BIN, folder, { recursive: true });
    const file = join(folder, `${name}.program.js`);
    const source = readFileSync(file, 'latin1');
    // As long as before, which is all that V8 looks at.
    const changed = source.replaceAll('The options of a command', 'The options of a COMMAND');
    expect(changed).not.toBe(source);
    writeFileSync(file, changed, 'latin1');
    const help = execFileSync(process.execPath, [join(folder, `${name}.js`), '--help']).toString();
    expect(help).toContain('The options of a COMMAND');
  },
);
