import { parseHex32 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { VersionRange } from '../format/manifest.ts';
import { compareDotted, inRange, parseSemVer } from '../format/versions.ts';
import type { VerifiedPackage } from '../verify/verified-package.ts';
import type { DeviceFacts } from './protocol.ts';

export type FactSource = 'device' | 'operator' | 'package';

/** Something known about the device or the package, and who said so. */
export interface Fact {
  name: string;
  value: string;
  source: FactSource;
}

/** What the operator said about the device; the policy of verification has judged it already. */
export interface OperatorFacts {
  product?: string;
  hardware?: string;
  installedVersion?: string;
  installedCounter?: number;
}

/** What the operator allows. */
export interface Terms {
  operator: OperatorFacts;
  /** Excuses the comparison of versions, nothing else. */
  allowDowngrade: boolean;
}

/**
 * Compares what the device told with the package and with what the operator said, before anything on the device is
 * changed. What the device did not tell is not judged here, see `notTold`.
 * Throws `device.requirement-not-met`, `policy.contradiction`, `policy.downgrade`.
 */
export function judgeDevice(pkg: VerifiedPackage, told: DeviceFacts, terms: Terms): void {
  const { requires } = pkg.manifest;
  assertInRange('bootloader', requires?.bootloader, told.bootloaderVersion);
  assertInRange('application', requires?.application, told.applicationVersion);
  const coming = comparableVersion(pkg);
  if (told.applicationVersion === undefined || coming === undefined) return;
  assertAsSaid(pkg.manifest.version, coming, told.applicationVersion, terms.operator.installedVersion);
  if (!terms.allowDowngrade) assertNoDowngrade(coming, told.applicationVersion);
}

/** What the package would have compared with the device, and the device did not tell; names as in the facts. */
export function notTold(pkg: VerifiedPackage, told: DeviceFacts | undefined): string[] {
  const { requires } = pkg.manifest;
  const wantsApplication = requires?.application !== undefined || comparableVersion(pkg) !== undefined;
  return [
    ...(requires?.bootloader !== undefined && told?.bootloaderVersion === undefined
      ? ['bootloaderVersion']
      : []),
    // No protocol tells it yet.
    ...(requires?.apploader === undefined ? [] : ['apploaderVersion']),
    ...(wantsApplication && told?.applicationVersion === undefined ? ['applicationVersion'] : []),
  ];
}

/**
 * The version that the application of this package tells on the device, in dotted decimals. `undefined` without
 * `deviceVersion`: what such an application tells may be the version of its SDK, which compares with nothing.
 */
export function comparableVersion(pkg: VerifiedPackage): string | undefined {
  const application = pkg.images.findLast(
    ({ entry }) => entry.role === 'application' && entry.deviceVersion !== undefined,
  );
  const deviceVersion = parseHex32(application?.entry.deviceVersion ?? '');
  return deviceVersion === undefined ? undefined : dottedDeviceVersion(deviceVersion);
}

/** A `deviceVersion`, major << 16 | minor << 8 | patch, in dotted decimals. */
export const dottedDeviceVersion = (version: number): string =>
  `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`;

/** The operator speaks of package versions: they are those of the device only where this package counts both alike. */
function assertAsSaid(version: string, coming: string, told: string, said: string | undefined): void {
  if (said === undefined || numbersOf(version) !== coming || numbersOf(said) === told) return;
  throw new DfuError(
    'policy.contradiction',
    `the device tells application version ${shown(told)}; it was said to have ${shown(said)}`,
    { facts: { what: 'installedVersion', said, found: told } },
  );
}

function assertNoDowngrade(coming: string, told: string): void {
  if (compareDotted(coming, told) >= 0) return;
  throw new DfuError(
    'policy.downgrade',
    `the package brings application version ${coming}; the device tells ${shown(told)}`,
    { facts: { found: coming, installed: told } },
  );
}

function numbersOf(version: string): string | undefined {
  const parsed = parseSemVer(version);
  return parsed && `${parsed.major}.${parsed.minor}.${parsed.patch}`;
}

function assertInRange(what: string, range: VersionRange | undefined, told: string | undefined): void {
  if (range === undefined || told === undefined || inRange(told, range)) return;
  const wanted = [
    ...(range.min === undefined ? [] : [`${shown(range.min)} or later`]),
    ...(range.below === undefined ? [] : [`below ${shown(range.below)}`]),
  ].join(' and ');
  throw new DfuError(
    'device.requirement-not-met',
    `the device tells ${what} version ${shown(told)}; the package requires ${wanted}`,
    {
      facts: {
        what,
        found: told,
        ...(range.min === undefined ? {} : { min: range.min }),
        ...(range.below === undefined ? {} : { below: range.below }),
      },
    },
  );
}

/**
 * All that is known, each with its source; the device's word comes first. `before`: what it told before it was changed,
 * `after`: what it told last.
 */
export function listFacts(
  pkg: VerifiedPackage,
  before: DeviceFacts | undefined,
  after: DeviceFacts | undefined,
  operator: OperatorFacts,
): Fact[] {
  const { manifest } = pkg;
  const entries: [FactSource, string, string | number | undefined][] = [
    ['device', 'bootloaderVersion', after?.bootloaderVersion],
    ['device', 'applicationVersionBefore', before?.applicationVersion],
    ['device', 'applicationVersion', after?.applicationVersion],
    ['device', 'applicationBuild', after?.applicationBuild],
    ['device', 'hardware', after?.hardware ?? before?.hardware],
    ['operator', 'product', operator.product],
    ['operator', 'hardware', operator.hardware],
    ['operator', 'installedVersion', operator.installedVersion],
    ['operator', 'installedCounter', operator.installedCounter],
    ['package', 'product', manifest.target.product],
    ['package', 'part', manifest.target.part],
    ['package', 'hardware', manifest.target.hardware?.join(', ')],
    ['package', 'version', manifest.version],
    ['package', 'securityCounter', manifest.securityCounter],
  ];
  return entries.flatMap(([source, name, value]) =>
    value === undefined ? [] : [{ name, value: shown(String(value)), source }],
  );
}
