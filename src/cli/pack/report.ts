import { printableLine, shown } from '../../core/text.ts';
import type { Manifest } from '../../format/manifest.ts';
import type { Treatment } from '../../pack/image.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** What a package is, as far as a person compares it: in every report of dfu-pack about a package. */
export interface PackageFacts {
  name: string;
  version: string;
  product: string;
  securityCounter: number;
  packageId: string;
}

/** A package that was written: schemas/pack-report-v1.schema.json. */
export interface WrittenReport {
  formatVersion: 1;
  command: 'build' | 'sign' | 'attach';
  /** As the operator wrote it. */
  output: string;
  /** Bytes. */
  size: number;
  package: PackageFacts;
  /** Key ids of all its signatures. */
  signedBy: readonly string[];
  images: readonly ReportedImage[];
  warnings: readonly PackWarning[];
}

export interface ReportedImage {
  name: string;
  role: string;
  format: string;
  startAddress?: string;
  size: number;
  sourceName: string;
  sourceSize: number;
  sha256: string;
  deviceVersion?: string;
  /** What the packing did; known where it was done. */
  treatment?: Treatment;
}

export function packageFacts(manifest: Manifest, packageId: string): PackageFacts {
  const { name, version, securityCounter, target } = manifest;
  return { name, version, product: target.product, securityCounter, packageId };
}

export function reportedImages(manifest: Manifest, treatments: readonly Treatment[] = []): ReportedImage[] {
  return manifest.images.map((image, index) => {
    const { name, role, format, startAddress, size, sourceName, sourceSize, sha256, deviceVersion } = image;
    const treatment = treatments[index];
    return {
      name,
      role,
      format,
      ...(startAddress === undefined ? {} : { startAddress }),
      size,
      sourceName,
      sourceSize,
      sha256,
      ...(deviceVersion === undefined ? {} : { deviceVersion }),
      ...(treatment === undefined ? {} : { treatment }),
    };
  });
}

/** Tells about a written package: warnings to stderr, the rest to stdout. */
export function printWritten(io: Io, report: WrittenReport, json: boolean): void {
  printWarnings(io, report.warnings);
  if (json) printJson(io, report);
  else io.out(`${renderWritten(report).map(printableLine).join('\n')}\n`);
}

function renderWritten({ output, size, package: facts, signedBy, images }: WrittenReport): string[] {
  return [
    `${shown(output)}: ${size} bytes, verified`,
    ...renderFacts(facts),
    ...(signedBy.length === 0 ? ['  signed by   nobody'] : signedBy.map((keyId) => `  signed by   ${keyId}`)),
    ...images.map((image) => `  image       ${renderImage(image)}`),
  ];
}

export function renderFacts(facts: PackageFacts): string[] {
  return [
    `  product     ${facts.product}`,
    `  version     ${facts.version}`,
    `  counter     ${facts.securityCounter}`,
    `  package id  ${facts.packageId}`,
  ];
}

function renderImage(image: ReportedImage): string {
  const { name, format, startAddress, size, sourceName, treatment } = image;
  const done = treatment === undefined ? '' : `, ${TREATMENTS[treatment]}`;
  return `${name}: ${format}, ${size} bytes, ${startAddress ?? 'no address that can be read'}, from ${sourceName}${done}`;
}

const TREATMENTS = {
  unchanged: 'as it was',
  padded: 'padded',
  wrapped: 'wrapped into an unsigned GBL',
} as const satisfies Record<Treatment, string>;

/** To stderr. */
export function printWarnings(io: Io, warnings: readonly PackWarning[]): void {
  for (const { image, message } of warnings) {
    io.err(`${printableLine(`warning: ${image === undefined ? '' : `image ${image}: `}${message}`)}\n`);
  }
}
