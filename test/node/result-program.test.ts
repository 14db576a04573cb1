import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { within } from '../../src/core/wait.ts';
import { tellProgram } from '../../src/node/result-program.ts';
import { thrownBy } from '../support/codes.ts';
import { tempFolder } from '../support/temp.ts';

const never = new AbortController().signal;
const wait = (ms: number, signal = never) => within(ms, { clock: systemClock, signal });
/** A program of Node's that runs this text. */
const script = (text: string, cwd: string, ...args: string[]) => ({
  program: process.execPath,
  args: ['-e', text, ...args],
  cwd,
});

test('gets the line on standard input, and its arguments as they are', async () => {
  const folder = await tempFolder();
  const text = `require('fs').writeFileSync('told', require('fs').readFileSync(0, 'utf8') + process.argv[1])`;
  await tellProgram(script(text, folder, '$(id) "; *'), '{"result":"flashed"}', wait(20_000));
  expect(await readFile(join(folder, 'told'), 'utf8')).toBe('{"result":"flashed"}\n$(id) "; *');
});

test('need not read it, and what it leaves running is not waited for', async () => {
  const leaving = `
    const { spawn } = require('child_process');
    spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: ['ignore', 'ignore', 'inherit'], detached: true }).unref();
    process.exit(0);`;
  const begun = performance.now();
  await tellProgram(script(leaving, await tempFolder()), 'x'.repeat(1_000_000), wait(20_000));
  expect(performance.now() - begun).toBeLessThan(15_000);
});

test('that never ends is ended in time, and at once by the second Ctrl-C', async () => {
  const folder = await tempFolder();
  const hanging = script('setInterval(() => {}, 1000)', folder);
  const late = await thrownBy(() => tellProgram(hanging, '{}', wait(300)));
  expect(late.code).toBe('station.program-failed');
  expect(late.message).toMatch(/did not end within 0 seconds$/);
  const stop = new AbortController();
  systemClock.after(100, () => stop.abort());
  expect((await thrownBy(() => tellProgram(hanging, '{}', wait(20_000, stop.signal)))).code).toBe(
    'run.interrupted',
  );
});

test('that fails says what it said last', async () => {
  const failing = script(
    'process.stderr.write("a".repeat(500) + "\\x1b no label left"); process.exit(7)',
    await tempFolder(),
  );
  const error = await thrownBy(() => tellProgram(failing, '{}', wait(20_000)));
  expect(error.message).toMatch(/ended with exit code 7: a+\\x1b no label left$/);
  expect(error.message.length).toBeLessThan(400);
});
