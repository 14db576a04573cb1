import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { Manifest } from './manifest.ts';
import validate from './manifest-validator.generated.ts';
import { pointerKeys, type SchemaError, valueAt } from './schema-error.ts';

type Validator = ((value: unknown) => boolean) & { errors?: readonly SchemaError[] | null };

/** What a later version may call a role or a format. */
const WELL_FORMED = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Holds the value against schemas/manifest-v1.schema.json.
 * Throws `package.manifest-schema`, and for what only a later dfukit can know `format.unsupported-version`,
 * `format.unsupported-role`, `format.unsupported-image-format`.
 */
export function checkManifestSchema(value: unknown): asserts value is Manifest {
  checkFormatVersion(value);
  const check = validate as Validator;
  if (check(value)) return;
  const error = check.errors?.[0];
  if (error === undefined) throw new Error('the validator refused without a reason');
  const path = readablePath(error.instancePath);
  const found = valueAt(value, pointerKeys(error.instancePath));
  if (error.keyword === 'enum' && typeof found === 'string' && WELL_FORMED.test(found)) {
    const last = error.instancePath.split('/').at(-1);
    const facts = { path, found };
    if (last === 'role') throw new DfuError('format.unsupported-role', `${path} is "${found}"`, { facts });
    if (last === 'format') {
      throw new DfuError('format.unsupported-image-format', `${path} is "${found}"`, { facts });
    }
  }
  throw new DfuError('package.manifest-schema', `manifest.json: ${path} ${reason(error)}${quoted(found)}`, {
    facts: { path, rule: error.keyword },
  });
}

function checkFormatVersion(value: unknown): void {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'formatVersion')) return;
  const { formatVersion } = value as { formatVersion: unknown };
  if (typeof formatVersion === 'number' && Number.isInteger(formatVersion) && formatVersion > 1) {
    throw new DfuError('format.unsupported-version', `manifest.json is of format version ${formatVersion}`, {
      facts: { formatVersion },
    });
  }
}

function reason({ keyword, message, params }: SchemaError): string {
  if (keyword === 'additionalProperties')
    return `has the unknown field "${shown(String(params.additionalProperty))}"`;
  if (keyword === 'required') return `lacks the field "${String(params.missingProperty)}"`;
  return message ?? `breaks the rule ${keyword}`;
}

function quoted(found: unknown): string {
  return typeof found === 'string' || typeof found === 'number' ? `: "${shown(String(found))}"` : '';
}

/** `/images/0/size` as `images[0].size`. */
function readablePath(pointer: string): string {
  if (pointer === '') return 'the manifest';
  return shown(
    pointerKeys(pointer)
      .join('.')
      .replace(/\.([0-9]+)(?=\.|$)/g, '[$1]'),
  );
}
