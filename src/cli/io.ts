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
  readonly terminal: { stdout: boolean; stderr: boolean; columns: number; rows: number };
  readonly environment: Readonly<Partial<Record<EnvironmentName, string>>>;
  /**
   * A variable that the operator named on the command line, or one of `CI_VARIABLES` where `--provenance` asked for them; no
   * other but those of `environment` is ever read.
   */
  namedVariable(name: string): string | undefined;
  /** All that an open descriptor has to say. Throws `input.unreadable`, `input.too-large`. */
  readDescriptor(descriptor: number, limitBytes: number): Promise<Bytes>;
  /** Hands on what comes from standard input, piece by piece, until its end; returns what ends that. */
  onInput(data: (bytes: Bytes) => void, end: () => void): () => void;
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
      get rows() {
        return process.stderr.rows ?? 24;
      },
    },
    environment: Object.fromEntries(
      ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    namedVariable: (name) => process.env[name],
    readDescriptor: async (descriptor, limitBytes) =>
      (await import('../node/descriptor.ts')).readDescriptor(descriptor, limitBytes),
    onInput(data, end) {
      const { stdin } = process;
      const take = (chunk: Uint8Array) => data(new Uint8Array(chunk));
      // A terminal that went away brings nothing more, as one that ended.
      for (const event of ['end', 'error', 'close']) stdin.once(event, end);
      stdin.on('data', take);
      return () => {
        for (const event of ['end', 'close']) stdin.off(event, end);
        stdin.off('data', take);
        // Lets the process end; nobody reads from it any more.
        stdin.destroy();
      };
    },
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

/**
 * `path` as the operator means it: relative to the folder the program was started in.
 * Throws `usage.invalid` on the text of a private key, which messages about a file would repeat.
 */
export function pathOf(io: Io, path: string): string {
  if (PRIVATE_KEY_TEXT.test(path)) {
    throw new DfuError('usage.invalid', 'a private key stands where the name of a file belongs', {
      cure: 'Write the key into a file that only you can read, and give its name. Whoever saw this command line has seen the key.',
    });
  }
  return resolve(io.cwd, path);
}

/** PEM, or base64 with the beginning of an Ed25519 key in PKCS#8, or with PBES2's identifier, wherever that falls. */
const PRIVATE_KEY_TEXT =
  /PRIVATE KEY-----|MC4CAQAwBQYDK2VwBCIEI|BgkqhkiG9w0BBQ0w|YJKoZIhvcNAQUNM|GCSqGSIb3DQEFDTB/;

/** The value of one of our variables. Throws `usage.environment` where it is set to nothing. */
export function environmentValue(io: Io, name: EnvironmentName): string | undefined {
  const value = io.environment[name];
  if (value === '') throw new DfuError('usage.environment', `${name} is set, but empty`);
  return value;
}
