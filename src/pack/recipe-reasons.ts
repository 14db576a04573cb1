import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { pointerKeys, type SchemaError, valueAt } from '../format/schema-error.ts';

const AUTHORISES = 'a recipe describes, it never authorises';
/** Fields that people look for in a recipe, and why they are not there. */
const NOT_IN_A_RECIPE = new Map<string, string>([
  ...['key', 'keys', 'privateKey', 'publicKey', 'sign', 'signer', 'signers', 'signature', 'signatures'].map(
    (field) => [field, `${AUTHORISES}: keys are given with --key`] as const,
  ),
  ...['trust', 'verify', 'allowUnsigned', 'allowDowngrade'].map(
    (field) => [field, `${AUTHORISES}: trust is given to dfu-verify and dfu-flash`] as const,
  ),
  ...['output', 'out', 'outputs', 'force'].map(
    (field) => [field, 'where the package goes is given with --output'] as const,
  ),
]);

/** What a field takes, by its name, for messages. */
const TAKES = new Map([
  ['formatVersion', 'the number 1'],
  ['template', 'the name of a template, see dfu-pack templates'],
  ['name', 'letters, digits and . _ + -, at most 64; for an image small letters, digits, _ and -'],
  ['version', 'a quoted string such as "1.2.0"'],
  ['securityCounter', 'a whole number from 0 to 4294967295'],
  ['target', 'fields below it: product, vendor, part, hardware, identifiers'],
  ['product', 'letters, digits and . _ + -, at most 64'],
  ['part', 'letters, digits and . _ + -, at most 64'],
  ['hardware', 'a list of 1 to 32 different revisions, as quoted strings'],
  ['requires', 'at least one of bootloader, apploader, application'],
  ['bootloader', 'min, below or both'],
  ['apploader', 'min, below or both'],
  ['application', 'min, below or both'],
  ['min', 'a quoted string of 1 to 4 numbers with dots, such as "1.10"'],
  ['below', 'a quoted string of 1 to 4 numbers with dots, such as "2.0"'],
  ['notAfter', 'a time such as "2030-12-31T23:59:59Z"'],
  ['images', 'a list of 1 to 16 images'],
  ['role', 'application, apploader, bootloader, stack, se or data'],
  ['file', "a path relative to the recipe's folder"],
  ['format', 'auto, raw or gbl'],
  ['startAddress', 'an address from 0x0 to 0xffffffff'],
  ['alignment', 'a power of two from 4 to 4096'],
  ['padByte', 'a byte from 0x00 to 0xff'],
  ['deviceVersion', 'a number from 0x0 to 0xffffffff'],
  ['sbom', 'the SHA-256 of an SBOM, 64 small hex digits'],
  ['annotations', '1 to 32 pairs of a key such as example.com/build and a text'],
]);

/** What is wrong with a value that the schema refuses, in the words of a recipe. */
export function recipeSchemaError(value: unknown, errors: unknown): DfuError {
  const [error] = (errors ?? []) as readonly SchemaError[];
  if (!error) throw new Error('the validator refused without a reason');
  const keys = pointerKeys(error.instancePath);
  const path = keys.map((key, i) => (/^[0-9]+$/.test(key) ? `[${key}]` : i > 0 ? `.${key}` : key)).join('');

  if (error.keyword === 'additionalProperties' && path !== 'annotations') {
    return unknownField(path, String(error.params.additionalProperty));
  }
  if (error.keyword === 'required') {
    const missing = `${path === '' ? '' : `${path}.`}${String(error.params.missingProperty)}`;
    return new DfuError('recipe.invalid', `the recipe lacks the field ${missing}`, {
      facts: { path: missing },
    });
  }
  const found = valueAt(value, keys);
  const field = keys.findLast((key) => !/^[0-9]+$/.test(key)) ?? '';
  const facts = { path };
  if (typeof found === 'number' && ['version', 'min', 'below'].includes(field)) {
    return new DfuError(
      'recipe.version-not-quoted',
      `${path} is the bare number ${found}, not a quoted version`,
      {
        facts,
      },
    );
  }
  const quotes = error.params.type === 'string' && typeof found === 'number' ? '; put it in quotes' : '';
  const takes = TAKES.get(field) ?? error.message ?? 'another value';
  return new DfuError(
    'recipe.invalid',
    `${shown(path)} can not be ${inWords(found)}: it takes ${takes}${quotes}`,
    {
      facts,
    },
  );
}

function unknownField(path: string, field: string): DfuError {
  const name = `${path === '' ? '' : `${path}.`}${field}`;
  const why = NOT_IN_A_RECIPE.get(field);
  return new DfuError(
    'recipe.unknown-field',
    `there is no field ${shown(name)} in a recipe${why ? `: ${why}` : ''}`,
    {
      facts: { path: shown(name) },
      ...(why !== undefined && { cure: 'Remove the field.' }),
    },
  );
}

function inWords(found: unknown): string {
  if (typeof found === 'string') return `"${shown(found)}"`;
  if (typeof found === 'number' || typeof found === 'boolean') return String(found);
  if (Array.isArray(found)) return `a list of ${found.length}`;
  return found === null || found === undefined ? 'empty' : 'what it is';
}
