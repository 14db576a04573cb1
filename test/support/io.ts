import type { Io } from '../../src/cli/io.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { readDescriptor } from '../../src/node/descriptor.ts';

/** An Io for tests: keeps what was printed, stands in a folder of the test's, and never ends the process. */
export interface TestIo extends Io {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** As Ctrl-C would. */
  interrupt(): void;
  /** Writes to standard input; `undefined` ends it. */
  input(text: string | undefined): void;
}

export function testIo(
  cwd: string,
  options: {
    environment?: Io['environment'];
    /** What `namedVariable` finds. */
    variables?: Record<string, string>;
    clock?: Clock;
    now?: Date;
    terminal?: Partial<Io['terminal']>;
  } = {},
): TestIo {
  const out: string[] = [];
  const err: string[] = [];
  const interrupts = new Set<() => void>();
  const readers = new Set<{ data(bytes: Uint8Array<ArrayBuffer>): void; end(): void }>();
  return {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    terminal: { stdout: false, stderr: false, columns: 80, rows: 24, ...options.terminal },
    environment: options.environment ?? {},
    namedVariable: (name) => options.variables?.[name],
    readDescriptor,
    onInput(data, end) {
      const reader = { data, end };
      readers.add(reader);
      return () => void readers.delete(reader);
    },
    input(text) {
      for (const { data, end } of readers) text === undefined ? end() : data(new TextEncoder().encode(text));
    },
    cwd,
    platform: process.platform,
    clock: options.clock ?? systemClock,
    now: () => options.now ?? new Date(),
    onInterrupt(fn) {
      interrupts.add(fn);
      return () => void interrupts.delete(fn);
    },
    interrupt: () => {
      for (const fn of interrupts) fn();
    },
    stdout: () => out.join(''),
    stderr: () => err.join(''),
  };
}
