import { createHash } from 'node:crypto';
import { type Bytes, concat, fromHex, u32le } from '../../src/core/bytes.ts';
import type { Signer } from '../../src/crypto/public-key.ts';
import { decodeManifest } from '../../src/format/manifest.ts';
import { openContainer } from '../../src/format/zip.ts';
import { decodePrivateKeyPem } from '../../src/node/keys.ts';
import { type BuildInput, buildPackage } from '../../src/pack/build.ts';
import type { BuildImage } from '../../src/pack/image.ts';
import { verifyPackage } from '../../src/verify/verify.ts';

/** The PEM of a private key, the same for the same number. Known to everybody: for tests alone. */
export function testKeyPem(seed: number): string {
  const secret = createHash('sha256').update(`dfukit pack test key ${seed}`).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

export function testSigner(seed: number): Promise<Signer> {
  return decodePrivateKeyPem(testKeyPem(seed));
}

export interface CortexOptions {
  /** What it is linked for. */
  start?: number;
  size?: number;
  /** ApplicationProperties: type, version, capabilities, and 16 times this byte as product id. */
  properties?: { type: number; version: number; capabilities: number; productByte: number };
}

const PROPERTIES_OFFSET = 64;

/** An image that begins with a vector table, as a linker makes it. */
export function cortexImage({ start = 0x6000, size = 200, properties }: CortexOptions = {}): Bytes {
  const image = Uint8Array.from({ length: size }, (_, i) => (i * 29 + 7) & 0xff);
  const vectors = Array.from({ length: 16 }, (_, word) => (word === 0 ? 0x20004000 : start + 0x81));
  vectors[13] = properties === undefined ? 0 : start + PROPERTIES_OFFSET;
  image.set(concat(vectors.map(u32le)));
  if (properties !== undefined) {
    const { type, version, capabilities, productByte } = properties;
    image.set(
      concat([
        fromHex('13b779fac925ddb7adf3cfe0f1b614b8')!,
        ...[0x0101, 0, 0, type, version, capabilities].map(u32le),
        new Uint8Array(16).fill(productByte),
      ]),
      PROPERTIES_OFFSET,
    );
  }
  return image;
}

/** One image that packs without a warning, but for what is said otherwise. */
export function imageInput(fields: Partial<BuildImage> = {}): BuildImage {
  return { sourceName: 'app.bin', bytes: cortexImage(), startAddress: 0x6000, ...fields };
}

export function buildInput(fields: Partial<BuildInput> = {}): BuildInput {
  return {
    name: 'thermo',
    version: '1.2.3',
    target: { product: 'acme-thermo' },
    images: [imageInput()],
    ...fields,
  };
}

/** The verdict of dfu-verify's own judgement. */
export async function verdictOf(segments: readonly Bytes[], signers: readonly Signer[]): Promise<string> {
  const keys = signers.map(({ key }) => key);
  const { report } = await verifyPackage(
    concat(segments),
    keys.length === 0 ? { kind: 'allow-unsigned' } : { kind: 'keys', keys },
    { at: 0 },
  );
  return report.code === undefined ? report.verdict : `${report.verdict} ${report.code}`;
}

/** What is in an application tag where nobody says more than version 1.2.3. */
export const APPLICATION = {
  type: 0x20,
  version: 0x010203,
  capabilities: 0,
  productId: new Uint8Array(16),
};

/** A package of one image, and what of it lies in the file. */
export async function buildOne(image: Partial<BuildImage>, input: Partial<BuildInput> = {}) {
  const built = await buildPackage(buildInput({ images: [imageInput(image)], ...input }));
  const container = openContainer(concat(built.segments));
  const manifest = decodeManifest(container.manifestBytes);
  return { ...built, manifest, entry: manifest.images[0]!, bytes: container.images[0]!.bytes };
}

export const codesOf = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);
