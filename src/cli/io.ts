import { resolve } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';

export const ENVIRONMENT = [
  'DFUKIT_PORT',
  'DFUKIT_BAUD',
  'DFUKIT_PROTOCOL',
  'DFUKIT_PROGRESS',
  'NO_COLOR',
] as const;
export type EnvironmentName = (typeof ENVIRONMENT)[number];

/** All that a program may know of the world and do to it, so that a test can stand in for both. */
export interface Io {
  /** To standard output: results. */
  out(text: string): void;
  /** To standard error: everything else. */
  err(text: string): void;
  readonly terminal: { stdout: boolean; stderr: boolean; columns: number };
  readonly environment: Readonly<Partial<Record<EnvironmentName, string>>>;
  /**
   * A variable that the operator named on the command line, or one of `CI_VARIABLES` where `--provenance` asked for them; no
   * other but those of `environment` is ever read.
   */
  namedVariable(name: string): string | undefined;
  /** All that an open descriptor has to say. Throws `input.unreadable`, `input.too-large`. */
  readDescriptor(descriptor: number, limitBytes: number): Promise<Bytes>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  /** Time of day, for judging what expires. */
  now(): Date;
  /** Calls `fn` at each Ctrl-C (SIGINT), SIGTERM and SIGHUP; returns what ends that. */
  onInterrupt(fn: () => void): () => void;
}

/**
 * The process this program runs in. Its streams are made when they are first needed: that costs milliseconds.
 * `onOutputError` is called with what could not be written to.
 */
export function processIo(onOutputError: (error: Error, stream: OutputStream) => void): Io {
  return {
    out: writer(
      () => process.stdout,
      (error) => onOutputError(error, 'standard output'),
    ),
    err: writer(
      () => process.stderr,
      (error) => onOutputError(error, 'standard error'),
    ),
    terminal: {
      get stdout() {
        return process.stdout.isTTY === true;
      },
      get stderr() {
        return process.stderr.isTTY === true;
      },
      get columns() {
        return process.stderr.columns ?? 80;
      },
    },
    environment: Object.fromEntries(
      ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    namedVariable: (name) => process.env[name],
    readDescriptor: async (descriptor, limitBytes) =>
      (await import('../node/descriptor.ts')).readDescriptor(descriptor, limitBytes),
    cwd: process.cwd(),
    platform: process.platform,
    clock: systemClock,
    now: () => new Date(),
    onInterrupt(fn) {
      for (const signal of INTERRUPTS) process.on(signal, fn);
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, fn);
      };
    },
  };
}

/** Ctrl-C, a request to end, and a terminal that went away. */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type OutputStream = 'standard output' | 'standard error';

function writer(stream: () => NodeJS.WriteStream, onError: (error: Error) => void): (text: string) => void {
  let opened: NodeJS.WriteStream | undefined;
  return (text) => {
    opened ??= stream().on('error', onError);
    opened.write(text);
  };
}

/** `path` as the operator means it: relative to the folder the program was started in. */
export function pathOf(io: Io, path: string): string {
  return resolve(io.cwd, path);
}

/** The value of one of our variables. Throws `usage.environment` where it is set to nothing. */
export function environmentValue(io: Io, name: EnvironmentName): string | undefined {
  const value = io.environment[name];
  if (value === '') throw new DfuError('usage.environment', `${name} is set, but empty`);
  return value;
}
