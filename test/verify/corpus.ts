import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bytes } from '../../src/core/bytes.ts';
import type { ErrorCode, ExitCode } from '../../src/core/errors.ts';
import type { Verdict } from '../../src/verify/checks.ts';
import type { Requirable, VerifyOptions } from '../../src/verify/options.ts';

/** What is told of the device and asked for, in a case of the corpus. */
export interface CaseOptions {
  product?: string;
  hardware?: string;
  installedVersion?: string;
  installedCounter?: number;
  allowDowngrade?: boolean;
  packageId?: string;
  /** As on the command line. */
  require?: string;
}

export interface HostilePackage {
  file: string;
  threat: string;
  what: string;
  /** `keys`: the Ed25519 key; `p256-key`: the P-256 key. */
  trust: 'keys' | 'p256-key' | 'allow-unsigned';
  options: CaseOptions;
  verdict: Verdict;
  code: ErrorCode;
  exit: ExitCode;
}

export interface HostileKey {
  file: string;
  threat: string;
  what: string;
  code: ErrorCode;
  exit: ExitCode;
}

export interface Corpus {
  at: string;
  good: string;
  /** Signed by both keys. */
  goodBoth: string;
  trusted: string;
  trustedP256: string;
  packages: HostilePackage[];
  keys: HostileKey[];
}

export const CORPUS_FOLDER = fileURLToPath(new URL('../vectors/hostile/files/', import.meta.url));

export function readCorpusFile(file: string): Bytes {
  return new Uint8Array(readFileSync(`${CORPUS_FOLDER}${file}`));
}

export const corpus: Corpus = JSON.parse(readFileSync(`${CORPUS_FOLDER}index.json`, 'utf8'));

/** The options of a case, for the library. */
export function libraryOptions({ options }: HostilePackage): VerifyOptions {
  const { allowDowngrade, packageId, require, ...device } = options;
  return {
    at: corpus.at,
    device,
    ...(allowDowngrade === undefined ? {} : { allowDowngrade }),
    ...(packageId === undefined ? {} : { packageId }),
    ...(require === undefined ? {} : { require: require.split(',') as Requirable[] }),
  };
}

const TRUST_OPTIONS: Readonly<Record<HostilePackage['trust'], readonly string[]>> = {
  keys: ['--key', corpus.trusted],
  'p256-key': ['--key', corpus.trustedP256],
  'allow-unsigned': ['--allow-unsigned'],
};

/** The trust source and options of a case, for the programs; key files are in `CORPUS_FOLDER`. */
export function programOptions({ trust, options }: HostilePackage): string[] {
  return [
    ...TRUST_OPTIONS[trust],
    ...Object.entries(options).flatMap(([name, value]) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? [flag] : [flag, String(value)];
    }),
  ];
}
