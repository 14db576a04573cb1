import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { Identifier, ImageFormat, Provenance, Requires, Role } from '../format/manifest.ts';
import { refuseImagePath } from './recipe-path.ts';
import { recipeSchemaError } from './recipe-reasons.ts';
import { validate } from './recipe-validator.generated.ts';

/** What a package is made of, as dfu.yaml or a template says it; whatever is absent comes from elsewhere. */
export interface Recipe {
  formatVersion: 1;
  /** Name of the template whose values hold where the recipe says nothing. */
  template?: string;
  name?: string;
  /** SemVer 2.0.0; a string, but not judged here. */
  version?: string;
  securityCounter?: number;
  target?: RecipeTarget;
  requires?: Requires;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  notAfter?: string;
  images?: RecipeImage[];
  provenance?: Provenance;
  annotations?: Record<string, string>;
}

export interface RecipeTarget {
  product?: string;
  vendor?: string;
  part?: string;
  hardware?: string[];
  identifiers?: Identifier[];
}

export interface RecipeImage {
  name?: string;
  role?: Role;
  /** Relative to the recipe's folder and below it, with forward slashes. */
  file?: string;
  format?: 'auto' | ImageFormat;
  startAddress?: number;
  alignment?: number;
  padByte?: number;
  deviceVersion?: number;
}

/** Numbers as a person writes them: `0x6000` bare is a number to YAML, in quotes a string. */
type Written<T> = { [K in keyof T]: NonNullable<T[K]> extends number ? number | string : T[K] };

/**
 * Takes what a YAML or JSON parser made of a recipe or a template, and refuses whatever
 * schemas/recipe-v1.schema.json does not allow. A recipe describes, it never authorises: it has no key, signer, trust
 * or output. That an image's path has no link out of the folder is for who opens the file to check.
 *
 * Throws `recipe.invalid`, `recipe.unknown-field`, `recipe.version-not-quoted`, `recipe.image-path`,
 * `format.unsupported-version`.
 */
export function decodeRecipe(value: unknown): Recipe {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DfuError('recipe.invalid', 'the recipe is no mapping of fields to values', {
      cure: "Begin it with 'formatVersion: 1', or write one with dfu-pack init.",
    });
  }
  const { formatVersion } = value as { formatVersion?: unknown };
  if (Number.isInteger(formatVersion) && (formatVersion as number) > 1) {
    throw new DfuError('format.unsupported-version', `the recipe is of format version ${formatVersion}`);
  }
  const check: { (value: unknown): boolean; errors?: unknown } = validate;
  if (!check(value)) throw recipeSchemaError(value, check.errors);

  const copy = structuredClone(value) as Omit<Recipe, 'images'> & { images?: Written<RecipeImage>[] };
  const { images, ...rest } = copy;
  return images === undefined ? rest : { ...rest, images: images.map(decodeImage) };
}

function decodeImage(written: Written<RecipeImage>, index: number): RecipeImage {
  const { startAddress, alignment, padByte, deviceVersion, ...texts } = written;
  if (texts.file !== undefined) {
    const reason = refuseImagePath(texts.file);
    if (reason) {
      const path = `images[${index}].file`;
      throw new DfuError('recipe.image-path', `${path}: "${shown(texts.file)}" ${reason}`, {
        facts: { path },
      });
    }
  }
  return {
    ...texts,
    ...(startAddress !== undefined && { startAddress: Number(startAddress) }),
    ...(alignment !== undefined && { alignment: Number(alignment) }),
    ...(padByte !== undefined && { padByte: Number(padByte) }),
    ...(deviceVersion !== undefined && { deviceVersion: Number(deviceVersion) }),
  };
}
