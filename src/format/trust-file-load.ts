import { type Bytes, firstDifference, toHex, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { deepFreeze, FrozenMap, FrozenSet } from '../core/frozen.ts';
import { sha256 } from '../crypto/sha256.ts';
import { checkJsonLimits } from './json-limits.ts';
import { MAX_TRUST_FILE_BYTES } from './limits.ts';
import { makeTrustFile, type TrustFile, type TrustFileDocument } from './trust-file.ts';
import { checkTrustFileRules, importTrustedKeys, trustFileTime } from './trust-file-rules.ts';
import { checkTrustFileSchema } from './trust-file-schema.ts';

/**
 * Takes what a YAML or JSON parser made of a trust file, and refuses whatever schemas/trust-file-v1.schema.json and the
 * rules between fields do not allow (docs/package-format.md, section 6). The value is copied first. Whether the file is
 * in date is for who judges by it.
 *
 * Throws `trust.file-invalid`, `trust.file-unknown-field`, `trust.file-unsupported-version`, `trust.file-limit`,
 * `trust.file-version-not-quoted`, `trust.file-minimum-version`, `trust.file-no-signers`, `trust.file-signer-twice`,
 * `trust.file-unknown-name`, `trust.file-threshold`, `trust.file-product-twice`, `trust.file-key-twice`,
 * `trust.file-key-roles`, `trust.file-time`, `trust.file-validity`, `trust.test-key`, and what `importPublicKey` throws.
 */
export async function loadTrustFile(document: unknown): Promise<TrustFile> {
  const checked = await checkTrustFileSchema(copyOf(document));
  const notAfterMs = trustFileTime('notAfter', checked.notAfter);
  const keys = await importTrustedKeys(checked);
  checkTrustFileRules(checked, keys);
  const digest = toHex(await sha256(encodeTrustFile(checked)));
  deepFreeze(checked);
  return makeTrustFile({
    document: checked,
    digest,
    notAfterMs,
    keys: new FrozenMap(keys),
    rules: new FrozenMap(checked.rules.map((rule) => [rule.product, rule])),
    deniedPackages: new FrozenSet(checked.deniedPackages ?? []),
  });
}

/** What comes out of JSON holds own values alone: no undefined, no getters, nothing inherited, and nobody else holds it. */
function copyOf(document: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(document);
  } catch (cause) {
    throw new DfuError('trust.file-invalid', 'the trust file holds what JSON can not', { cause });
  }
  return text === undefined ? undefined : JSON.parse(text);
}

/** The keys of each object, in the order of the schema's `properties`. */
export const TRUST_FILE_KEY_ORDER = {
  trustFile: [
    'formatVersion',
    'version',
    'notAfter',
    'keys',
    'rules',
    'trustRole',
    'attesters',
    'deniedPackages',
  ],
  key: ['publicKey', 'notBefore', 'notAfter', 'revoked'],
  rule: [
    'product',
    'signers',
    'threshold',
    'minimumVersion',
    'minimumSecurityCounter',
    'requireHardware',
    'require',
  ],
  trustRole: ['signers', 'threshold'],
} as const;

/**
 * A trust file's canonical JSON, in the form of manifest.json: keys in the schema's order, those of `keys` sorted, two
 * spaces, final newline. Its SHA-256 is what a trust file's signatures are over. Takes a document that was checked, such
 * as `TrustFile.document`. Throws `trust.file-limit` over 1 MiB.
 */
export function encodeTrustFile(document: TrustFileDocument): Bytes {
  const order = TRUST_FILE_KEY_ORDER;
  const { keys, rules, trustRole } = document;
  const sorted = Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1));
  const value = {
    ...document,
    keys: Object.fromEntries(sorted.map(([name, key]) => [name, ordered(key, order.key)])),
    rules: rules.map((rule) => ordered(rule, order.rule)),
    trustRole: trustRole && ordered(trustRole, order.trustRole),
  };
  const bytes = utf8(`${JSON.stringify(ordered(value, order.trustFile), null, 2)}\n`);
  checkTrustFileSize(bytes);
  return bytes;
}

/** The same values under the same keys, in this order. A key that has no place is a fault: nothing is left out unsaid. */
function ordered(value: object, keys: readonly string[]): object {
  const own = new Map(Object.entries(value));
  for (const [key, v] of own) {
    if (v !== undefined && !keys.includes(key)) throw new Error(`the key ${key} has no place in the order`);
  }
  return Object.fromEntries(keys.filter((k) => own.get(k) !== undefined).map((k) => [k, own.get(k)]));
}

/**
 * The trust file in these bytes, which must be exactly what `encodeTrustFile` gives for it: the form in which trust
 * files are signed. Throws `trust.file-form`, and what `loadTrustFile` throws.
 */
export async function decodeTrustFile(bytes: Bytes): Promise<TrustFile> {
  const own = bytes.slice();
  checkTrustFileSize(own);
  const offset = own.findIndex((byte) => byte !== 0x0a && (byte < 0x20 || byte > 0x7e));
  if (offset >= 0) throw formError(`the byte at offset ${offset} is not printable ASCII`, { offset });
  checkTrustFileJsonLimits(own);
  const file = await loadTrustFile(parse(new TextDecoder().decode(own)));
  const canonical = encodeTrustFile(file.document);
  const difference = firstDifference(own, canonical);
  if (difference < Math.max(own.length, canonical.length)) {
    throw formError(`it is not written in its one form, from offset ${difference} on`, {
      offset: difference,
    });
  }
  return file;
}

/** Throws `trust.file-limit` for a trust file of more than 1 MiB. */
export function checkTrustFileSize(bytes: Bytes): void {
  if (bytes.length <= MAX_TRUST_FILE_BYTES) return;
  throw new DfuError('trust.file-limit', `the trust file has ${bytes.length} bytes`, {
    facts: { size: bytes.length, limit: MAX_TRUST_FILE_BYTES },
  });
}

/** Throws `trust.file-limit` for JSON that is nested too deep or has too long an array. */
export function checkTrustFileJsonLimits(bytes: Bytes): void {
  try {
    checkJsonLimits(bytes, 'the trust file');
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    throw new DfuError('trust.file-limit', error.message, { facts: error.facts, cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw formError('it is no JSON', {}, cause);
  }
}

function formError(what: string, facts: { offset?: number } = {}, cause?: unknown): DfuError {
  return new DfuError('trust.file-form', `the trust file: ${what}`, { facts, cause });
}
