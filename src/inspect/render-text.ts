import { counted, printableLine, shown } from '../core/text.ts';
import type { Manifest } from '../format/manifest.ts';
import type {
  ApplicationDescription,
  AttestationDescription,
  Computed,
  Description,
  GblDescription,
  PackageDescription,
  PackagedImage,
  RawDescription,
} from './description.ts';

/** Stands beside every claim. */
const CLAIM = '  [not verified]';
/** More tags than this are counted, not listed. */
const MAX_TAGS_SHOWN = 24;
/** So are subjects and dependencies of an attestation; a package has at most 17 of the first. */
const MAX_LISTED = 24;

/** A description for a person: lines of printable ASCII, each claim marked as such. `file` is how it was called. */
export function renderDescription(description: Description, file: string): string {
  const { name, computed, problems } = description;
  const lines = [
    `${shown(file)}: ${name}, ${counted(computed.size, 'byte')}`,
    'NOT VERIFIED: this is what the file says of itself, whoever made it.',
    ...(description.package === undefined ? digests('', computed) : []),
    ...(description.package === undefined ? [] : packageLines(description.package)),
    ...(description.gbl === undefined ? [] : gblLines('', description.gbl)),
    ...(description.raw === undefined ? [] : rawLines('', description.raw)),
    ...(description.attestation === undefined ? [] : attestationLines(description.attestation)),
    ...problems.map(({ code, message }) => `Not sound: ${message} [${code}]`),
  ];
  return `${lines.map(printableLine).join('\n')}\n`;
}

function attestationLines({ payloadType, keyIds, statement }: AttestationDescription): string[] {
  return [
    ...claimLines('', [['payload type', payloadType]]),
    ...(statement === undefined ? [] : statementLines(statement)),
    ...keyIds.map((keyId) => `signature, says key: ${keyId === '' ? 'none' : shown(keyId)}${CLAIM}`),
  ];
}

function statementLines(statement: NonNullable<AttestationDescription['statement']>): string[] {
  const { type, predicateType, buildType, builderId, invocationId, subjects, dependencies } = statement;
  const more = [subjects, dependencies].some((list) => list.length > MAX_LISTED);
  return [
    ...claimLines('', [
      ['statement', type],
      ['predicate', predicateType],
      ['build type', buildType],
      ['builder', builderId],
      ['run', invocationId],
      ...dependencies
        .slice(0, MAX_LISTED)
        .map(({ uri = '', digests }) => ['input', `${uri} ${digests.join(' ')}`.trim()] as const),
      ...subjects
        .slice(0, MAX_LISTED)
        .map(({ name = '', sha256 = 'no SHA-256' }) => ['about', `${sha256} ${name}`.trim()] as const),
    ]),
    ...(more ? ['and more, as --json tells'] : []),
  ];
}

function packageLines({ packageId, signatures, manifest, images }: PackageDescription): string[] {
  return [
    `package id: ${packageId}  (computed)`,
    ...(manifest === undefined ? [] : manifestLines(manifest.value)),
    ...(signatures?.keyIds.map((keyId) => `signature, says key: ${keyId}${CLAIM}`) ?? []),
    ...(signatures === undefined ? ['signatures: none that can be read'] : []),
    ...images.flatMap((image) => {
      const claims = manifest?.value.images.find(({ name }) => name === image.name);
      return [
        `image ${image.name}: ${image.format}, ${counted(image.computed.size, 'byte')}`,
        ...digests('  ', image.computed),
        ...agreement(image, manifest !== undefined),
        ...(claims === undefined ? [] : imageClaims(claims)),
        ...(image.gbl === undefined ? [] : gblLines('  ', image.gbl)),
        ...(image.raw === undefined ? [] : rawLines('  ', image.raw)),
      ];
    }),
  ];
}

function agreement({ asClaimed }: PackagedImage, withManifest: boolean): string[] {
  if (asClaimed === undefined) return withManifest ? ['  the manifest names no such image'] : [];
  return [
    `  the manifest says ${asClaimed ? 'the same size, CRC-32 and SHA-256' : 'OTHER size, CRC-32 or SHA-256'}`,
  ];
}

function manifestLines(manifest: Manifest): string[] {
  const { target, requires, provenance, annotations } = manifest;
  const claims: [string, unknown][] = [
    ['name', manifest.name],
    ['version', manifest.version],
    ['security counter', manifest.securityCounter],
    ['product', target.product],
    ['vendor', target.vendor],
    ['part', target.part],
    ['hardware', target.hardware?.join(', ')],
    ...(target.identifiers ?? []).map(({ type, value }): [string, unknown] => [type, value]),
    ...Object.entries(requires ?? {}).map(([part, { min, below }]): [string, unknown] => [
      `requires ${part}`,
      [min && `${min} or newer`, below && `below ${below}`].filter(Boolean).join(', '),
    ]),
    ['not after', manifest.notAfter],
    ['source repository', provenance?.sourceRepository],
    ['source revision', provenance?.sourceRevision],
    ['SBOM', provenance?.sbom],
    ...Object.entries(annotations ?? {}),
  ];
  return claimLines('', claims);
}

function imageClaims(image: Manifest['images'][number]): string[] {
  return claimLines('  ', [
    ['role', image.role],
    ['start address', image.startAddress],
    ['source', `${image.sourceName}, ${counted(image.sourceSize, 'byte')}`],
    ['source SHA-256', image.sourceSha256],
    ['device version', image.deviceVersion],
  ]);
}

function gblLines(indent: string, gbl: GblDescription): string[] {
  const { bootloader, seUpgrade, tags, programs } = gbl;
  const hidden = tags.length - MAX_TAGS_SHOWN;
  const claims: [string, unknown][] = [
    ['encrypted', gbl.encrypted ? 'yes: only what stands outside the ciphertext is shown' : 'no'],
    ['signed for the device', gbl.signed ? "yes: for the device's bootloader to judge" : 'no'],
    ['bootloader', bootloader && `version ${bootloader.version} at ${bootloader.address}`],
    ['SE upgrade', seUpgrade && `version ${seUpgrade.version}`],
    ['lowest address', gbl.lowestAddress],
    ['bytes to program', programs.reduce((sum, { length }) => sum + length, 0)],
  ];
  return [
    ...claimLines(indent, claims),
    ...applicationLines(indent, gbl.application),
    ...tags
      .slice(0, MAX_TAGS_SHOWN)
      .map(
        ({ name, offset, length }) => `${indent}tag ${name} at offset ${offset}, ${counted(length, 'byte')}`,
      ),
    ...(hidden > 0 ? [`${indent}and ${counted(hidden, 'tag')} more`] : []),
  ];
}

function rawLines(indent: string, { vectorTable, startAddress, application }: RawDescription): string[] {
  const guessed = startAddress?.source === 'guess' ? startAddress.value : undefined;
  return [
    ...claimLines(indent, [
      ['reset vector', vectorTable?.resetVector],
      ['initial stack pointer', vectorTable?.initialSp],
      ['start address, by the look of it', guessed],
    ]),
    ...applicationLines(indent, application),
  ];
}

function applicationLines(indent: string, application: ApplicationDescription | undefined): string[] {
  if (application === undefined) return [];
  const { type, version, capabilities, productId } = application;
  return claimLines(indent, [
    ['application type', type],
    ['application version', version],
    ['application capabilities', capabilities],
    ['application product id', productId],
  ]);
}

function digests(indent: string, { crc32, sha256 }: Computed): string[] {
  return [`${indent}CRC-32: ${crc32}  (computed)`, `${indent}SHA-256: ${sha256}  (computed)`];
}

function claimLines(indent: string, claims: readonly (readonly [string, unknown])[]): string[] {
  return claims.flatMap(([name, value]) =>
    value === undefined ? [] : [`${indent}${name}: ${shown(String(value))}${CLAIM}`],
  );
}
