import { DfuError } from '../core/errors.ts';
import type { Identifier, ImageFormat, Provenance, Requires, Role } from '../format/manifest.ts';
import { DEFAULT_ALIGNMENT, DEFAULT_PAD_BYTE } from './defaults.ts';
import type { Recipe, RecipeImage } from './recipe.ts';

/** Where a value comes from; the first that has one wins. */
export type Origin = 'option' | 'environment' | 'recipe' | 'template' | 'default';

/** What each source says. An option's image is the first of its `images`; its file is as the operator wrote it. */
export interface RecipeLayers {
  options?: RecipeLayer;
  /** What a CI system says of the source; read where it was asked for. */
  environment?: Pick<RecipeLayer, 'provenance'>;
  recipe?: RecipeLayer;
  template?: RecipeLayer;
}
export type RecipeLayer = Omit<Recipe, 'formatVersion' | 'template'>;

export interface ResolvedValue {
  /** `target.part`, `images[0].startAddress`. */
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** One recipe out of all sources, not necessarily complete, and where each value comes from. */
export interface ResolvedRecipe {
  readonly recipe: RecipeLayer;
  /** In the order of the recipe, by path. */
  readonly values: ReadonlyMap<string, ResolvedValue>;
}

const BUILT_IN = {
  securityCounter: 0,
  role: 'application',
  format: 'auto',
  alignment: DEFAULT_ALIGNMENT,
  padByte: DEFAULT_PAD_BYTE,
} as const;

const IMAGE_FIELDS = [
  'file',
  'format',
  'startAddress',
  'alignment',
  'padByte',
  'deviceVersion',
] as const satisfies readonly (keyof RecipeImage)[];

/** A value and its source, highest precedence first. */
type Said<T> = readonly (readonly [Origin, T | undefined])[];

/**
 * Puts the sources together: option, environment, recipe, template, default. Lists (`hardware`, `identifiers`) and
 * version ranges are taken whole, annotations key by key. The recipe says which images there are, without it the option;
 * each takes what it does not say from the template's image of the same role. The name of the firmware is the product's
 * where nobody said it, an image's name its role.
 *
 * Throws `usage.invalid` when options about one image meet a recipe of several.
 */
export function resolveRecipe(layers: RecipeLayers): ResolvedRecipe {
  const values = new Map<string, ResolvedValue>();
  const said = <T>(pick: (layer: RecipeLayer) => T | undefined, builtIn?: T): Said<T> => [
    ...sources(layers).map(([origin, layer]) => [origin, layer && pick(layer)] as const),
    ['default', builtIn],
  ];
  function take<T>(path: string, candidates: Said<T>): T | undefined {
    for (const [origin, value] of candidates) {
      if (value === undefined) continue;
      values.set(path, { path, value, origin });
      return value;
    }
    return undefined;
  }
  const product = firstOf(said(({ target }) => target?.product));
  const name = take(
    'name',
    said((layer) => layer.name, product),
  );
  const version = take(
    'version',
    said((layer) => layer.version),
  );
  const securityCounter = take(
    'securityCounter',
    said((layer) => layer.securityCounter, BUILT_IN.securityCounter),
  );
  const target = present({
    product: take(
      'target.product',
      said(({ target }) => target?.product),
    ),
    vendor: take(
      'target.vendor',
      said(({ target }) => target?.vendor),
    ),
    part: take(
      'target.part',
      said(({ target }) => target?.part),
    ),
    hardware: take(
      'target.hardware',
      said(({ target }) => target?.hardware),
    ),
    identifiers: take(
      'target.identifiers',
      said(({ target }) => target?.identifiers),
    ),
  });
  const requires = present({
    bootloader: take(
      'requires.bootloader',
      said(({ requires }) => requires?.bootloader),
    ),
    apploader: take(
      'requires.apploader',
      said(({ requires }) => requires?.apploader),
    ),
    application: take(
      'requires.application',
      said(({ requires }) => requires?.application),
    ),
  });
  const notAfter = take(
    'notAfter',
    said((layer) => layer.notAfter),
  );
  const images = resolveImages(layers, take);
  const provenance = present({
    sourceRepository: take(
      'provenance.sourceRepository',
      said(({ provenance }) => provenance?.sourceRepository),
    ),
    sourceRevision: take(
      'provenance.sourceRevision',
      said(({ provenance }) => provenance?.sourceRevision),
    ),
    sbom: take(
      'provenance.sbom',
      said(({ provenance }) => provenance?.sbom),
    ),
  });
  const keys = new Set(sources(layers).flatMap(([, layer]) => Object.keys(layer?.annotations ?? {})));
  const annotations: Record<string, string> = {};
  for (const key of [...keys].sort()) {
    const text = take(
      `annotations["${key}"]`,
      said((layer) => layer.annotations?.[key]),
    );
    if (text !== undefined) annotations[key] = text;
  }
  const recipe: RecipeLayer = {
    ...present({ name, version, securityCounter }),
    ...nonEmpty('target', target),
    ...nonEmpty('requires', requires),
    ...present({ notAfter }),
    images,
    ...nonEmpty('provenance', provenance),
    ...nonEmpty('annotations', annotations),
  };
  return { recipe, values };
}

function sources(layers: RecipeLayers): readonly (readonly [Origin, RecipeLayer | undefined])[] {
  return [
    ['option', layers.options],
    ['environment', layers.environment],
    ['recipe', layers.recipe],
    ['template', layers.template],
  ];
}

function resolveImages(
  layers: RecipeLayers,
  take: <T>(path: string, candidates: Said<T>) => T | undefined,
): RecipeImage[] {
  const listed = layers.recipe?.images ?? [{}];
  const option = layers.options?.images?.[0];
  if (listed.length > 1 && option) {
    throw new DfuError(
      'usage.invalid',
      `the recipe has ${listed.length} images, so an option about one of them does not say which`,
      { cure: 'Say it in the recipe, beside the image.' },
    );
  }
  const templates = layers.template?.images ?? [];
  const onlyTemplate = templates.length === 1 ? templates[0] : undefined;
  return listed.map((image, index) => {
    const at = (field: keyof RecipeImage) => `images[${index}].${field}`;
    const said = <K extends keyof RecipeImage>(
      field: K,
      template: RecipeImage | undefined,
      builtIn?: RecipeImage[K],
    ): Said<RecipeImage[K]> => [
      ['option', option?.[field]],
      ['recipe', image[field]],
      ['template', template?.[field]],
      ['default', builtIn],
    ];
    const guess = listed.length === 1 ? onlyTemplate : undefined;
    const role = firstOf(said('role', guess, BUILT_IN.role));
    const template = templates.find((candidate) => (candidate.role ?? BUILT_IN.role) === role);
    const result: RecipeImage = present({
      name: take(at('name'), said('name', template, role)),
      role: take(at('role'), said('role', guess, BUILT_IN.role)),
    });
    for (const field of IMAGE_FIELDS) {
      const builtIn = field in BUILT_IN ? BUILT_IN[field as 'format'] : undefined;
      const value = take(at(field), said<keyof RecipeImage>(field, template, builtIn));
      if (value !== undefined) Object.assign(result, { [field]: value });
    }
    return result;
  });
}

function firstOf<T>(candidates: Said<T>): T | undefined {
  return candidates.find(([, value]) => value !== undefined)?.[1];
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without the fields that nobody gave a value. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

function nonEmpty<K extends string, T extends object>(key: K, value: T): { [P in K]?: T } {
  return (Object.keys(value).length > 0 ? { [key]: value } : {}) as { [P in K]?: T };
}

/** A recipe in which nothing is missing that a package needs. */
export interface CompleteRecipe {
  name: string;
  version: string;
  securityCounter: number;
  target: {
    product: string;
    vendor?: string;
    part?: string;
    hardware?: string[];
    identifiers?: Identifier[];
  };
  requires?: Requires;
  notAfter?: string;
  images: CompleteImage[];
  provenance?: Provenance;
  annotations?: Record<string, string>;
}

export interface CompleteImage {
  name: string;
  role: Role;
  file: string;
  format: 'auto' | ImageFormat;
  startAddress?: number;
  alignment: number;
  padByte: number;
  deviceVersion?: number;
}

/**
 * Demands what a package can not do without: product, version, and each image's file. Throws `recipe.incomplete` with the
 * path of the first that is missing. Whether the values are good is for `buildPackage` to say.
 */
export function completeRecipe({ recipe }: ResolvedRecipe): CompleteRecipe {
  const { name, version, securityCounter, target = {}, images = [], ...rest } = recipe;
  const { product, ...aboutTarget } = target;
  if (product === undefined) throw incomplete('target.product', 'which product this is for', '--product');
  if (version === undefined) throw incomplete('version', 'which version this is', '--fw-version');
  return {
    name: name ?? product,
    version,
    securityCounter: securityCounter ?? BUILT_IN.securityCounter,
    target: { product, ...aboutTarget },
    ...rest,
    images: images.map((image, index) => {
      const { file } = image;
      if (file === undefined) {
        throw incomplete(
          `images[${index}].file`,
          'which file holds the image',
          'the image on the command line',
        );
      }
      const role = image.role ?? BUILT_IN.role;
      return { ...BUILT_IN_IMAGE, name: role, ...image, role, file };
    }),
  };
}

const BUILT_IN_IMAGE = { format: BUILT_IN.format, alignment: BUILT_IN.alignment, padByte: BUILT_IN.padByte };

function incomplete(path: string, what: string, option: string): DfuError {
  return new DfuError('recipe.incomplete', `nobody said ${what} (${path})`, {
    facts: { path },
    cure: `Say it in the recipe, or with ${option}.`,
  });
}
