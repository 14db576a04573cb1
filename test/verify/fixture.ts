import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type Bytes, concat, hex32 } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import { importPublicKey, type PublicKey } from '../../src/crypto/public-key.ts';
import { encodeManifest, type Manifest, type ManifestImage } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { encodeSignatures, signedMessage } from '../../src/format/signatures.ts';
import type { CheckId } from '../../src/verify/checks.ts';
import type { VerifyReport } from '../../src/verify/report.ts';

export interface TestKey {
  private: KeyObject;
  public: PublicKey;
  pem: string;
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same key for the same number, always. Known to everybody: for tests alone. */
export async function testKey(seed: number): Promise<TestKey> {
  const secret = createHash('sha256').update(`dfukit test key ${seed}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: 'der', type: 'pkcs8' });
  const pub = createPublicKey(key);
  return {
    private: key,
    public: await importPublicKey(new Uint8Array(pub.export({ format: 'der', type: 'spki' }))),
    pem: String(pub.export({ format: 'pem', type: 'spki' })),
  };
}

export const SAMPLE_IMAGE: Bytes = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);

export interface SampleImage {
  bytes: Bytes;
  /** What differs from a plain raw application at 0x6000. */
  entry?: Partial<ManifestImage>;
  /** Bytes of the container where they are to differ from what the manifest describes. */
  held?: Bytes;
}

export interface Sample {
  images?: SampleImage[];
  manifest?: Partial<Manifest>;
  keys?: readonly TestKey[];
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The manifest of a sample: valid unless what is asked for makes it otherwise. */
export function sampleManifest({ images = [{ bytes: SAMPLE_IMAGE }], manifest = {} }: Sample = {}): Manifest {
  return {
    formatVersion: 1,
    name: 'thermo',
    version: '1.2.0',
    securityCounter: 3,
    target: { product: 'acme-thermo' },
    ...manifest,
    images: images.map(({ bytes, entry }, index) => ({
      name: index === 0 ? 'application' : `image${index}`,
      role: 'application',
      format: 'raw',
      startAddress: hex32(0x6000 + 0x10000 * index),
      sourceName: 'app.bin',
      sourceSize: bytes.length,
      sourceSha256: sha256Hex(bytes),
      size: bytes.length,
      alignment: 4,
      padByte: '0xff',
      crc32: hex32(crc32(bytes)),
      sha256: sha256Hex(bytes),
      ...entry,
    })),
  };
}

export function signWith(key: TestKey, message: Bytes): Bytes {
  return new Uint8Array(sign(null, message, key.private));
}

export async function signManifest(manifest: Bytes, keys: readonly TestKey[]): Promise<Bytes> {
  const message = await signedMessage(manifest);
  return encodeSignatures(
    keys.map((key) => ({
      keyId: key.public.keyId,
      signature: signWith(key, message),
    })),
  );
}

/** The bytes of a package, signed by `keys`; without any, unsigned. */
export async function samplePackage(sample: Sample = {}): Promise<Bytes> {
  const { images = [{ bytes: SAMPLE_IMAGE }], keys = [] } = sample;
  const value = sampleManifest(sample);
  const manifest = encodeManifest(value);
  return concat(
    encodePackage({
      manifest,
      ...(keys.length === 0 ? {} : { signatures: await signManifest(manifest, keys) }),
      images: images.map(({ bytes, held }, index) => {
        const { name = 'application', format = 'raw' } = value.images[index] ?? {};
        return { name, format, bytes: held ?? bytes };
      }),
    }),
  );
}

/** `pass`, `skipped`, or the code with which a check failed. */
export function outcomeOf(report: VerifyReport, id: CheckId, image?: string): string {
  const check = report.checks.find((c) => c.id === id && (image === undefined || c.image === image));
  return check === undefined ? 'absent' : (check.code ?? check.status);
}

export const AT = '2026-06-01T00:00:00Z';
