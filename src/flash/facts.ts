import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { Requires, VersionRange } from '../format/manifest.ts';
import { compareDotted } from '../format/versions.ts';
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

/**
 * Compares what the device told with what the package requires, before anything on the device is changed. What the
 * device did not tell is not judged here. Throws `device.requirement-not-met`.
 */
export function assertRequirements(requires: Requires | undefined, facts: DeviceFacts): void {
  assertInRange('bootloader', requires?.bootloader, facts.bootloaderVersion);
  assertInRange('application', requires?.application, facts.applicationVersion);
}

function assertInRange(what: string, range: VersionRange | undefined, told: string | undefined): void {
  if (range === undefined || told === undefined) return;
  const tooLow = range.min !== undefined && compareDotted(told, range.min) < 0;
  const tooHigh = range.below !== undefined && compareDotted(told, range.below) >= 0;
  if (!tooLow && !tooHigh) return;
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

/** All that is known, each with its source; the device's word comes first. */
export function listFacts(
  pkg: VerifiedPackage,
  device: DeviceFacts | undefined,
  operator: OperatorFacts,
): Fact[] {
  const { manifest } = pkg;
  const entries: [FactSource, string, string | number | undefined][] = [
    ['device', 'bootloaderVersion', device?.bootloaderVersion],
    ['device', 'applicationVersion', device?.applicationVersion],
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
