import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { Identifier } from '../format/manifest.ts';
import { formatTimestamp, parseTimestamp } from '../format/timestamp.ts';
import { TRUST_REQUIRABLE, type TrustRequirable } from '../format/trust-file.ts';
import { isDottedVersion, nearestSemVer, parseSemVer } from '../format/versions.ts';
import type { FactSource } from './report.ts';

/** What is known of the device at hand. What is absent was not told, and what depends on it is skipped. */
export interface DeviceDescription {
  product?: string;
  /** The hardware revision. */
  hardware?: string;
  /** SemVer 2.0.0 of what runs on it now. */
  installedVersion?: string;
  /** The security counter of what runs on it now. */
  installedCounter?: number;
  /** 1 to 4 decimal numbers with dots. */
  bootloaderVersion?: string;
  apploaderVersion?: string;
  applicationVersion?: string;
  identifiers?: readonly Identifier[];
}

/** Checks that an operator or a trust file can ask for by name: when nothing was told to judge them by, the package is refused. */
export const REQUIRABLE = TRUST_REQUIRABLE;
/** One of them. */
export type Requirable = TrustRequirable;

/** What a judgement rests on besides package and trust. What is absent was not told, or not asked for. */
export interface VerifyOptions {
  /** Time of judgement: `YYYY-MM-DDTHH:MM:SSZ`, or milliseconds since 1970. */
  at: string | number;
  /** The device at hand, as the operator describes it. */
  device?: DeviceDescription;
  /** The same device, as it describes itself. It beats the operator; a contradiction is refused. */
  told?: DeviceDescription;
  require?: readonly Requirable[];
  /** The one package that is accepted: SHA-256 of its manifest bytes, lower-case hex. */
  packageId?: string;
  /** Excuses the comparison with the installed version, nothing else. */
  allowDowngrade?: boolean;
  /** An attestation of the package: a DSSE envelope, JSON. Only a trust file says whose count. */
  attestation?: Bytes;
  /** Takes the caller's buffer over (it is empty afterwards) where a copy would be made. For big packages. */
  transfer?: boolean;
}

/** A value and who said it. */
export interface Told<T> {
  readonly value: T;
  readonly source: Exclude<FactSource, 'package' | 'attestation'>;
  /** Set where the operator said something else than the device. */
  readonly contradicts?: T;
}

/** VerifyOptions as they were when the judgement began: read once, checked, without anything that could change. */
export interface Terms {
  /** Milliseconds since 1970, a whole second. */
  readonly atMs: number;
  readonly at: string;
  readonly device: {
    readonly [K in keyof DeviceDescription]: Told<NonNullable<DeviceDescription[K]>>;
  };
  readonly require: ReadonlySet<Requirable>;
  readonly packageId: string | undefined;
  readonly allowDowngrade: boolean;
  readonly attestation: Bytes | undefined;
}

/** Throws `usage.invalid` for anything that can not be judged by: an impossible time, a version that is no version. */
export function readTerms(options: VerifyOptions): Terms {
  const atMs =
    typeof options.at === 'number' ? Math.floor(options.at / 1000) * 1000 : parseTimestamp(options.at);
  if (atMs === undefined || !(atMs >= 0 && atMs <= LAST_MS)) {
    throw invalid(`the time of judgement must be YYYY-MM-DDTHH:MM:SSZ, not "${shown(String(options.at))}"`);
  }
  const { packageId } = options;
  if (packageId !== undefined && !/^[0-9a-f]{64}$/.test(packageId)) {
    throw invalid(`a package id is 64 lower-case hex digits, not "${shown(packageId)}"`);
  }
  for (const name of options.require ?? []) {
    if (!REQUIRABLE.includes(name)) throw invalid(`no check is called "${shown(String(name))}"`);
  }
  return {
    atMs,
    at: formatTimestamp(atMs),
    device: merge(options.device ?? {}, options.told ?? {}),
    require: new Set(options.require ?? []),
    packageId,
    allowDowngrade: options.allowDowngrade === true,
    attestation: options.attestation?.slice(),
  };
}

/** The last second that four digits of a year can write. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

function merge(operator: DeviceDescription, device: DeviceDescription): Terms['device'] {
  const both: Record<string, Told<unknown>> = {};
  for (const key of KEYS) {
    const said = operator[key];
    const told = device[key];
    for (const value of [said, told]) if (value !== undefined) assertUsable(key, value);
    if (told !== undefined) {
      const contradicts = said !== undefined && !sameValue(said, told) ? { contradicts: said } : {};
      both[key] = { value: structuredClone(told), source: 'device', ...contradicts };
    } else if (said !== undefined) {
      both[key] = { value: structuredClone(said), source: 'operator' };
    }
  }
  return both as Terms['device'];
}

const KEYS = [
  'product',
  'hardware',
  'installedVersion',
  'installedCounter',
  'bootloaderVersion',
  'apploaderVersion',
  'applicationVersion',
  'identifiers',
] as const satisfies readonly (keyof DeviceDescription)[];

function assertUsable(key: keyof DeviceDescription, value: unknown): void {
  const usable =
    key === 'installedCounter'
      ? Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffffffff
      : key === 'identifiers'
        ? Array.isArray(value)
        : typeof value === 'string' && value !== '';
  if (!usable) throw invalid(`the device's ${key} can not be "${shown(String(value))}"`);
  if (key === 'installedVersion') assertSemVer(String(value));
  if (DOTTED.has(key) && !isDottedVersion(String(value))) {
    throw invalid(`the device's ${key} is 1 to 4 decimal numbers with dots, not "${shown(String(value))}"`);
  }
}

const DOTTED: ReadonlySet<string> = new Set(['bootloaderVersion', 'apploaderVersion', 'applicationVersion']);

function assertSemVer(text: string): void {
  if (parseSemVer(text) !== undefined) return;
  const nearest = nearestSemVer(text);
  const hint = nearest === undefined ? '' : `; the nearest is ${nearest}`;
  throw invalid(`the installed version "${shown(text)}" is no SemVer 2.0.0${hint}`);
}

function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function invalid(message: string): DfuError {
  return new DfuError('usage.invalid', message);
}
