import { DfuError, type ErrorCode } from '../core/errors.ts';
import { nearestWord } from '../core/nearest.ts';
import { printableLine, shown } from '../core/text.ts';
import { pointerKeys, type SchemaError, valueAt } from './schema-error.ts';
import type { TrustFileDocument } from './trust-file.ts';
import { nearestSemVer } from './versions.ts';

/**
 * Holds the value against schemas/trust-file-v1.schema.json. The validator is large, and is loaded here.
 * Throws `trust.file-unsupported-version` for what only a later dfukit can know, and the codes of `schemaError`.
 */
export async function checkTrustFileSchema(value: unknown): Promise<TrustFileDocument> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DfuError('trust.file-invalid', 'the trust file is no mapping of fields to values', {
      cure: "Begin it with 'formatVersion: 1'; docs/trust-files.md has an example.",
    });
  }
  const formatVersion = valueAt(value, ['formatVersion']);
  if (Number.isInteger(formatVersion) && (formatVersion as number) > 1) {
    throw new DfuError(
      'trust.file-unsupported-version',
      `the trust file is of format version ${formatVersion}`,
      { facts: { formatVersion: formatVersion as number } },
    );
  }
  const { validate } = await import('./trust-file-validator.generated.ts');
  const check: { (value: unknown): boolean; errors?: unknown } = validate;
  if (check(value)) return value as TrustFileDocument;
  const [error] = (check.errors ?? []) as readonly SchemaError[];
  if (error === undefined) throw new Error('the validator refused without a reason');
  throw schemaError(value, error);
}

/** What stands below `keys`, by a name that somebody chose. */
const ONE_KEY =
  'fields below it: { publicKey: BASE64 }, with notBefore, notAfter or revoked where they are needed';

/** What a field takes, by its name, for messages. */
const TAKES = new Map([
  ['formatVersion', 'the number 1'],
  ['version', 'a whole number from 1 to 4294967295; each update raises it by one'],
  ['notAfter', 'a time such as "2030-12-31T23:59:59Z"'],
  ['notBefore', 'a time such as "2030-12-31T23:59:59Z"'],
  ['keys', '1 to 256 keys by name'],
  ['rules', 'a list of 1 to 1024 rules'],
  ['trustRole', 'signers and threshold'],
  ['attesters', 'a list of at least one key name; leave it out where there are none'],
  [
    'deniedPackages',
    'a list of 1 to 1024 package ids, 64 small hex digits each; leave it out where there are none',
  ],
  ['publicKey', 'the base64 between the lines of the public key file, in one line'],
  ['revoked', 'true or false'],
  ['product', 'letters, digits and . _ + -, at most 64'],
  ['signers', 'a list of key names'],
  ['threshold', 'a whole number from 1 to the number of signers'],
  ['minimumVersion', 'a quoted SemVer such as "1.2.0"'],
  ['minimumSecurityCounter', 'a whole number from 0 to 4294967295'],
  ['requireHardware', 'true or false'],
  ['require', 'a list of target, hardware, version, counter and attestation, each at most once'],
]);

/** The refusals that have a code of their own, by field and rule of the schema. */
const OWN_CODES = new Map<string, ErrorCode>([
  ['signers minItems', 'trust.file-no-signers'],
  ['attesters minItems', 'trust.file-no-signers'],
  ['signers uniqueItems', 'trust.file-signer-twice'],
  ['attesters uniqueItems', 'trust.file-signer-twice'],
  ['signers maxItems', 'trust.file-limit'],
  ['attesters maxItems', 'trust.file-limit'],
  ['rules maxItems', 'trust.file-limit'],
  ['deniedPackages maxItems', 'trust.file-limit'],
  ['keys maxProperties', 'trust.file-limit'],
  ['threshold minimum', 'trust.file-threshold'],
  ['threshold maximum', 'trust.file-threshold'],
  ['notAfter pattern', 'trust.file-time'],
  ['notBefore pattern', 'trust.file-time'],
  ['minimumVersion pattern', 'trust.file-minimum-version'],
  ['minimumVersion maxLength', 'trust.file-minimum-version'],
]);

function schemaError(value: unknown, error: SchemaError): DfuError {
  const { keyword, params } = error;
  const keys = pointerKeys(error.instancePath);
  const path = shown(readablePath(keys));
  const facts = { path };
  if (keyword === 'additionalProperties') return unknownField(keys, String(params.additionalProperty));
  if (keyword === 'required') {
    // A misspelt field is missed under its right name: what is wrong is what stands there.
    const misspelt = Object.keys(valueAt(value, keys) ?? {}).find((key) => !TAKES.has(key));
    if (misspelt !== undefined) return unknownField(keys, misspelt);
    const missing = shown(readablePath([...keys, String(params.missingProperty)]));
    return new DfuError('trust.file-invalid', `the trust file lacks the field ${missing}`, {
      facts: { path: missing },
    });
  }
  const found = valueAt(value, keys);
  // Names of keys stand below `keys` alone, and what is below them has a field name of its own.
  const isKey = keys.length === 2 && keys[0] === 'keys';
  const field = isKey ? '' : (keys.findLast((key) => TAKES.has(key)) ?? '');
  if (field === 'minimumVersion' && typeof found === 'number') {
    return new DfuError(
      'trust.file-version-not-quoted',
      `${path} is the bare number ${found}, not a quoted version`,
      { facts },
    );
  }
  if (field === 'minimumVersion' && typeof found === 'string') return noSemVer(path, found);
  const code = OWN_CODES.get(`${field} ${keyword}`) ?? 'trust.file-invalid';
  const quotes = params.type === 'string' && typeof found === 'number' ? '; put it in quotes' : '';
  // In the place of a key there may be a private one, however short.
  const hidden = typeof found === 'string' && (isKey || field === 'publicKey' || field === 'keys');
  const what = hidden ? 'this text' : inWords(found);
  const takes = isKey ? ONE_KEY : (TAKES.get(field) ?? error.message ?? 'another value');
  return new DfuError(code, `${path} can not be ${what}: it takes ${takes}${quotes}`, { facts });
}

/** The error for a minimum version that is none, with the nearest that is one. */
export function noSemVer(path: string, text: string): DfuError {
  const nearest = nearestSemVer(text);
  const meant = nearest === undefined || nearest === text ? '' : `; perhaps "${nearest}" is meant`;
  return new DfuError('trust.file-minimum-version', `${path} is ${quoted(text)}, no SemVer 2.0.0${meant}`, {
    facts: { path, ...(meant === '' ? {} : { nearest: nearest as string }) },
  });
}

function unknownField(keys: readonly string[], field: string): DfuError {
  const name = shown(readablePath([...keys, field]));
  const facts = { path: name };
  if (keys.length === 1 && keys[0] === 'keys') {
    const text = `${quoted(field)} can not name a key: a letter first, then letters, digits and . _ + -, at most 64`;
    return new DfuError('trust.file-invalid', text, { facts: { path: 'keys' } });
  }
  const nearest = nearestWord(field, TAKES.keys());
  const meant = nearest === undefined ? '' : `; perhaps ${nearest} is meant`;
  const message = `there is no field ${name} in a trust file${meant}`;
  return new DfuError('trust.file-unknown-field', message, { facts });
}

/** `['rules', '0', 'signers']` as `rules[0].signers`. */
function readablePath(keys: readonly string[]): string {
  return keys.map((key, i) => (/^[0-9]+$/.test(key) ? `[${key}]` : i > 0 ? `.${key}` : key)).join('');
}

/** A text as messages show it. Longer ones may be a private key that somebody put in the wrong place. */
export function quoted(text: string): string {
  return text.length > MAX_SHOWN_CHARACTERS ? `a text of ${text.length} characters` : `"${shown(text)}"`;
}

/** Less than the 44 of the shortest private key in base64. */
const MAX_SHOWN_CHARACTERS = 40;

function inWords(found: unknown): string {
  if (typeof found === 'string') return quoted(found);
  if (typeof found === 'number' || typeof found === 'boolean') return printableLine(String(found));
  if (Array.isArray(found)) return `a list of ${found.length}`;
  return found === null || found === undefined ? 'empty' : 'what it is';
}
