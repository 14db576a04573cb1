import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { main as flash } from '../../src/cli/dfu-flash.ts';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import { systemClock } from '../../src/core/clock.ts';
import { pause, within } from '../../src/core/wait.ts';
import { application } from '../sim/support.ts';
import { type TestIo, testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';

export const START = 0x6000;
/** An application for the default part, 1.0.0 or 1.1.0. */
export const firmware = (version: number) =>
  application({ start: START, bytes: 3000, version, seed: version });

export interface Bench {
  folder: string;
  io: TestIo;
  run(argv: readonly string[], io?: TestIo): Promise<number>;
  /** The one JSON document on standard output. */
  json(): Record<string, unknown>;
}

/** A folder with the packages old.dfupkg (1.0.0) and new.dfupkg (1.1.0), signed by k.key.pem. */
export async function bench(environment: TestIo['environment'] = {}): Promise<Bench> {
  const folder = await tempFolder();
  const packing = testIo(folder);
  expect(await pack(['keygen', 'k'], packing)).toBe(0);
  for (const [name, version, number] of [
    ['old', '1.0.0', 0x010000],
    ['new', '1.1.0', 0x010100],
  ] as const) {
    await writeFile(join(folder, `${name}.bin`), firmware(number));
    const argv = [`${name}.bin`, '--product', 'lamp', '--fw-version', version, '--part', 'efr32bg22'];
    const more = ['--device-version', `0x${number.toString(16).padStart(8, '0')}`, '--key', 'k.key.pem'];
    expect(await pack([...argv, ...more, '-o', `${name}.dfupkg`], packing), packing.stderr()).toBe(0);
  }
  const io = testIo(folder, { environment });
  return {
    folder,
    io,
    run: (argv, other = io) => flash(argv, other),
    json: () => JSON.parse(io.stdout()) as Record<string, unknown>,
  };
}

export const TRUST = ['--key', 'k.pub.pem'];

/** Runs `dfu-flash simulate` beside the test, until `end`. */
export async function simulation(
  folder: string,
  argv: readonly string[],
  device = 'gecko',
): Promise<{ address: string; io: TestIo; end(): Promise<number> }> {
  const io = testIo(folder);
  const running = flash(['simulate', device, ...argv], io);
  let failed = false;
  running.then(
    (exit) => {
      failed = exit !== 0;
    },
    () => {
      failed = true;
    },
  );
  for (let i = 0; i < 400 && io.stdout() === '' && !failed; i++) await moment();
  expect(failed, io.stderr()).toBe(false);
  const first = io.stdout().split('\n')[0] ?? '';
  const address = first === '{' ? (JSON.parse(io.stdout()) as { address: string }).address : first;
  return {
    address,
    io,
    end: () => {
      io.interrupt();
      return running;
    },
  };
}

export function moment(ms = 10): Promise<void> {
  return pause(within(ms, { clock: systemClock, signal: new AbortController().signal }));
}

/** A TCP port that counts who comes. */
export async function door(): Promise<{ url: string; visits: () => number }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { url: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`, visits: () => visits };
}
