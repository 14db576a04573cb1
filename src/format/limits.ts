/** Every limit of the package format, version 1 (docs/package-format.md, section 2). Sizes in bytes, all inclusive. */
export { MAX_KEY_FILE_BYTES } from '../crypto/key-file.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export const MAX_PACKAGE_BYTES = 256 * MIB;
export const MAX_MANIFEST_BYTES = 256 * KIB;
export const MAX_SIGNATURES_BYTES = 16 * KIB;
export const MIN_IMAGE_BYTES = 1;
export const MAX_IMAGE_BYTES = 128 * MIB;

export const MAX_IMAGES = 16;
export const MAX_SIGNATURES = 8;
/** manifest.json, signatures.json and the images. */
export const MAX_ENTRIES = 2 + MAX_IMAGES;

/** Arrays and objects within each other, the outermost counted. */
export const MAX_JSON_DEPTH = 8;
export const MAX_JSON_ARRAY_ITEMS = 1024;

export const MAX_TRUST_FILE_BYTES = MIB;
export const MAX_TRUST_KEYS = 256;
export const MAX_TRUST_RULES = 1024;
export const MAX_DENIED_PACKAGES = MAX_JSON_ARRAY_ITEMS;

export const MAX_ATTESTATION_BYTES = MIB;
/** Other builders' parameters may nest deeper than anything of ours. */
export const MAX_ATTESTATION_JSON_DEPTH = 32;

/** One past the last address that an image may hold. */
export const ADDRESS_SPACE_BYTES = 2 ** 32;
