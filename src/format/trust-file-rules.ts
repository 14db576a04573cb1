import { fromBase64, toHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { importPublicKey, type PublicKey } from '../crypto/public-key.ts';
import { assertNoTestKey } from '../crypto/test-keys.ts';
import { parseTimestamp } from './timestamp.ts';
import type { TrustedKey, TrustFileDocument, TrustFileKey, TrustFileRule } from './trust-file.ts';
import { noSemVer, quoted } from './trust-file-schema.ts';
import { parseSemVer } from './versions.ts';

/** Milliseconds since 1970 of a time in a trust file. Throws `trust.file-time` for one that does not exist. */
export function trustFileTime(path: string, text: string): number {
  const ms = parseTimestamp(text);
  if (ms !== undefined) return ms;
  throw new DfuError('trust.file-time', `${path} is "${shown(text)}", no time that there is`, {
    facts: { path },
  });
}

/**
 * Imports the keys of a trust file that follows its schema.
 * Throws `trust.file-key-twice`, `trust.file-time`, `trust.file-validity`, `trust.test-key`, and what `importPublicKey`
 * throws.
 */
export async function importTrustedKeys(document: TrustFileDocument): Promise<Map<string, TrustedKey>> {
  const byName = new Map<string, TrustedKey>();
  const nameOf = new Map<string, string>();
  for (const [name, written] of Object.entries(document.keys)) {
    const trusted = await importTrustedKey(name, written);
    const { keyId } = trusted.key;
    const secret = eitherSign(trusted.key);
    const other = nameOf.get(secret);
    if (other !== undefined) {
      const one = byName.get(other)?.key.keyId === keyId ? 'one key' : 'two keys of one secret';
      const text = `keys.${shown(name)} and keys.${shown(other)} are ${one}: it would count twice`;
      throw new DfuError('trust.file-key-twice', text, { facts: { path: `keys.${shown(name)}`, keyId } });
    }
    nameOf.set(secret, name);
    byName.set(name, trusted);
  }
  return byName;
}

/**
 * The same for a key and its negative: who has the secret a of the point A has -a of -A too, and signs with both. Opposite
 * points of P-256 have one X; those of Ed25519 have one Y and differ in the sign, the highest bit.
 */
function eitherSign({ algorithm, raw }: PublicKey): string {
  if (algorithm === 'ecdsa-p256') return `${algorithm} ${toHex(raw.subarray(1, 33))}`;
  const point = raw.slice();
  point[31] = (point[31] ?? 0) & 0x7f;
  return `${algorithm} ${toHex(point)}`;
}

async function importTrustedKey(name: string, written: TrustFileKey): Promise<TrustedKey> {
  const path = `keys.${shown(name)}`;
  const { notBefore, notAfter, revoked = false } = written;
  const notBeforeMs = notBefore === undefined ? undefined : trustFileTime(`${path}.notBefore`, notBefore);
  const notAfterMs = notAfter === undefined ? undefined : trustFileTime(`${path}.notAfter`, notAfter);
  if (notBeforeMs !== undefined && notAfterMs !== undefined && notBeforeMs >= notAfterMs) {
    const text = `${path} is valid at no time: from ${notBefore} on, and no more from ${notAfter} on`;
    throw new DfuError('trust.file-validity', text, { facts: { path } });
  }
  return Object.freeze({
    name,
    key: await importKeyText(`${path}.publicKey`, written.publicKey),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...(notAfterMs === undefined ? {} : { notAfterMs }),
    revoked,
  });
}

async function importKeyText(path: string, base64: string): Promise<PublicKey> {
  const facts = { path };
  const der = fromBase64(base64);
  if (der === undefined) {
    throw new DfuError('trust.key-encoding', `${path} is no base64 in its one form`, {
      facts,
      cure: 'Copy what stands between the lines of the public key file, in one line and without white space.',
    });
  }
  try {
    const key = await importPublicKey(der);
    assertNoTestKey(key);
    return key;
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { code, cure, message } = error;
    throw new DfuError(code, `${path}: ${message}`, {
      facts: { ...error.facts, ...facts },
      cure,
      cause: error,
    });
  }
}

/**
 * The rules between the fields of a trust file that follows its schema; docs/package-format.md, section 6.
 * Throws `trust.file-unknown-name`, `trust.file-threshold`, `trust.file-product-twice`, `trust.file-minimum-version`,
 * `trust.file-key-roles`.
 */
export function checkTrustFileRules(
  document: TrustFileDocument,
  keys: ReadonlyMap<string, TrustedKey>,
): void {
  const { rules, trustRole, attesters = [] } = document;
  /** Where a key that must not sign trust files is used, by its name. */
  const usedAt = new Map<string, string>();
  const products = new Set<string>();
  for (const [i, rule] of rules.entries()) {
    const path = `rules[${i}]`;
    checkRule(path, rule, keys);
    if (products.has(rule.product)) {
      const text = `${path} is the second rule for product ${shown(rule.product)}`;
      throw new DfuError('trust.file-product-twice', text, { facts: { path } });
    }
    products.add(rule.product);
    for (const name of rule.signers) usedAt.set(name, `${path}.signers`);
  }
  checkNames('attesters', attesters, keys);
  for (const name of attesters) usedAt.set(name, 'attesters');
  if (trustRole === undefined) return;
  checkNames('trustRole.signers', trustRole.signers, keys);
  checkThreshold('trustRole', trustRole);
  for (const name of trustRole.signers) {
    const other = usedAt.get(name);
    if (other === undefined) continue;
    const text = `the key "${shown(name)}" stands in trustRole and in ${other}`;
    throw new DfuError('trust.file-key-roles', text, { facts: { path: 'trustRole.signers' } });
  }
}

function checkRule(path: string, rule: TrustFileRule, keys: ReadonlyMap<string, TrustedKey>): void {
  checkNames(`${path}.signers`, rule.signers, keys);
  checkThreshold(path, rule);
  const { minimumVersion } = rule;
  if (minimumVersion !== undefined && parseSemVer(minimumVersion) === undefined) {
    throw noSemVer(`${path}.minimumVersion`, minimumVersion);
  }
}

function checkNames(path: string, names: readonly string[], keys: ReadonlyMap<string, TrustedKey>): void {
  const index = names.findIndex((name) => !keys.has(name));
  const unknown = names[index];
  if (unknown === undefined) return;
  const place = `${path}[${index}]`;
  const name = quoted(unknown);
  throw new DfuError('trust.file-unknown-name', `${place} names ${name}, and keys has no such key`, {
    facts: { path: place, name },
  });
}

function checkThreshold(
  path: string,
  { signers, threshold }: { signers: readonly string[]; threshold: number },
): void {
  if (threshold <= signers.length) return;
  const text = `${path}.threshold is ${threshold}, with ${counted(signers.length, 'signer')}`;
  throw new DfuError('trust.file-threshold', text, { facts: { path: `${path}.threshold` } });
}
