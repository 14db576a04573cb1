import { type Bytes, hex32, toHex } from '../core/bytes.ts';
import type { ApplicationData } from '../images/application-data.ts';
import { findApplicationProperties, judgeStartAddress } from '../images/cortex-m.ts';
import { decodeGbl } from '../images/gbl/codec.ts';
import type { ApplicationDescription, GblDescription, RawDescription } from './description.ts';

/** What a GBL v3 file says. Throws `image.gbl-*` for one that does not obey the format. */
export function describeGbl(bytes: Bytes, alignment?: number): GblDescription {
  const gbl = decodeGbl(bytes, alignment === undefined ? {} : { alignment });
  const { application, bootloader, seUpgrade, lowestAddress } = gbl;
  return {
    verified: false,
    encrypted: gbl.encrypted,
    signed: gbl.signed,
    ...(application && { application: describeApplication(application) }),
    ...(bootloader && {
      bootloader: {
        version: hex32(bootloader.version),
        address: hex32(bootloader.address),
        length: bootloader.length,
      },
    }),
    ...(seUpgrade && { seUpgrade: { version: hex32(seUpgrade.version), length: seUpgrade.blobBytes } }),
    ...(lowestAddress !== undefined && { lowestAddress: hex32(lowestAddress) }),
    tags: gbl.tags.map(({ name, offset, length }) => ({ name, offset, length })),
    programs: gbl.programs.map(({ tag, address, data }) => ({
      tag,
      address: hex32(address),
      length: data.length,
    })),
  };
}

/** What a raw binary looks like, at the address it is said to go to, or at the one that its vector table suggests. */
export function describeRaw(bytes: Bytes, startAddress?: number): RawDescription {
  const judgement = judgeStartAddress(bytes, startAddress ?? 0);
  // Data can look like a vector table that goes elsewhere; with an impossible stack pointer it is none.
  const vectors = judgement.vectors?.plausible ? judgement.vectors : undefined;
  const guess = judgement.kind === 'elsewhere' ? judgement.likelyStart : 0;
  const start = startAddress ?? (vectors && guess);
  const properties = start === undefined ? undefined : findApplicationProperties(bytes, start);
  return {
    verified: false,
    ...(vectors && {
      vectorTable: { initialSp: hex32(vectors.initialSp), resetVector: hex32(vectors.resetVector) },
    }),
    ...(start !== undefined && {
      startAddress: { value: hex32(start), source: startAddress === undefined ? 'guess' : 'manifest' },
    }),
    ...(properties && { application: describeApplication(properties.application) }),
  };
}

function describeApplication(application: ApplicationData): ApplicationDescription {
  return {
    type: hex32(application.type),
    version: hex32(application.version),
    capabilities: hex32(application.capabilities),
    productId: toHex(application.productId),
  };
}
