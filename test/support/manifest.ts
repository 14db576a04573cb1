import { type Bytes, hex32, utf8 } from '../../src/core/bytes.ts';
import { KEY_ORDER, type Manifest, type ManifestImage } from '../../src/format/manifest.ts';

/** A manifest entry that says as little as may be said. */
export function minimalImage(changes: Partial<ManifestImage> = {}): ManifestImage {
  return {
    name: 'app',
    role: 'application',
    format: 'raw',
    startAddress: hex32(0),
    sourceName: 'app.bin',
    sourceSize: 4,
    sourceSha256: '1'.repeat(64),
    size: 4,
    alignment: 4,
    padByte: '0xff',
    crc32: hex32(0),
    sha256: '1'.repeat(64),
    ...changes,
  };
}

/** A manifest that says as little as may be said; its digests belong to no image. Keys in file order. */
export function minimalManifest(changes: Partial<Manifest> = {}): Manifest {
  const values: Manifest = {
    formatVersion: 1,
    name: 'lamp',
    version: '1.2.3',
    securityCounter: 0,
    target: { product: 'lamp' },
    images: [minimalImage()],
    ...changes,
  };
  const keys = KEY_ORDER.manifest.filter((key) => key in values);
  return Object.fromEntries(keys.map((key) => [key, values[key]])) as unknown as Manifest;
}

/** A manifest with every field that there is. */
export function fullManifest(): Manifest {
  return {
    formatVersion: 1,
    name: 'lamp-firmware',
    version: '1.2.3-rc.1+build.5',
    securityCounter: 4294967295,
    target: {
      product: 'lamp',
      vendor: 'Lamps & Co.',
      part: 'efr32bg22',
      hardware: ['rev-b', 'rev-a'],
      identifiers: [
        { type: 'gbl-product-id', value: '00112233445566778899aabbccddeeff' },
        { type: 'usb-id', value: '10c4:ea60' },
        { type: 'ble-model-number', value: 'Lamp 1' },
        { type: 'ble-hardware-revision', value: 'B' },
      ],
    },
    requires: {
      bootloader: { min: '2.4', below: '3' },
      apploader: { min: '0.0.0.1' },
      application: { below: '4294967295.0' },
    },
    notAfter: '2028-02-29T23:59:59Z',
    images: [
      minimalImage({ sourceSize: 3, sha256: '2'.repeat(64), deviceVersion: '0x01020003' }),
      minimalImage({
        name: 'boot_loader-2',
        role: 'bootloader',
        format: 'gbl',
        startAddress: '0x00100000',
        sourceSize: 1,
        size: 4096,
        alignment: 4096,
      }),
      (({ startAddress: _, ...rest }) => rest)(minimalImage({ name: 'se', role: 'se', format: 'gbl' })),
    ],
    provenance: {
      sourceRepository: 'https://example.com/lamp.git',
      sourceRevision: '0123456789abcdef',
      sbom: '3'.repeat(64),
    },
    annotations: { 'example.com/a': 'quote " and backslash \\', 'example.com/b': 'x' },
  };
}

export const text = (bytes: Bytes): string => new TextDecoder().decode(bytes);

/** The manifest as JSON, in the one layout, without any check: what another program might write. */
export const written = (value: unknown): Bytes => utf8(`${JSON.stringify(value, null, 2)}\n`);
