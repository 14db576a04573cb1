import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { FORMATS, type Provenance, ROLES } from '../../format/manifest.ts';
import { codeOf, readWholeFile } from '../../node/files.ts';
import type { RecipeImage } from '../../pack/recipe.ts';
import {
  type CompleteRecipe,
  completeRecipe,
  type RecipeLayer,
  type ResolvedRecipe,
  resolveRecipe,
} from '../../pack/recipe-layers.ts';
import { checkedRepository, checkedRevision } from '../../pack/source.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice, parseNumber } from '../options.ts';

/** The options of `build` that describe the package, as commander hands them over. */
export interface DescribingOptions {
  name?: string;
  fwVersion?: string;
  securityCounter?: string;
  product?: string;
  hardware?: string[];
  part?: string;
  startAddress?: string;
  imageFormat?: string;
  role?: string;
  align?: string;
  padByte?: string;
  deviceVersion?: string;
  recipe?: string;
  template?: string;
  provenance?: true;
  sourceRepository?: string;
  sourceRevision?: string;
  sbom?: string;
}

/** All that was said about a package, wherever it was said. */
export interface Said {
  resolved: ResolvedRecipe;
  /** Of the recipe; its images lie below. */
  recipeFolder: string | undefined;
}

/** Reads recipe and template, if there are any, and puts them together with the options. */
export async function gather(io: Io, image: string | undefined, options: DescribingOptions): Promise<Said> {
  const recipePath = options.recipe === undefined ? undefined : pathOf(io, options.recipe);
  const recipe = recipePath === undefined ? undefined : await readRecipe(recipePath);
  const templateName = options.template ?? recipe?.template;
  const template = templateName === undefined ? undefined : await readTemplateLayer(templateName);
  const provenance = await saidProvenance(io, options);
  const resolved = resolveRecipe({
    options: { ...optionLayer(image, options), ...provenance.options },
    ...(provenance.environment === undefined ? {} : { environment: provenance.environment }),
    ...(recipe === undefined ? {} : { recipe }),
    ...(template === undefined ? {} : { template }),
  });
  return { resolved, recipeFolder: recipePath === undefined ? undefined : dirname(recipePath) };
}

/** What a package can not do without is there, and each image has the path of its file. */
export async function complete(
  io: Io,
  { resolved, recipeFolder }: Said,
): Promise<{ recipe: CompleteRecipe; files: string[] }> {
  const recipe = completeRecipe(resolved);
  const files = await Promise.all(
    recipe.images.map(({ file }, index) =>
      resolved.values.get(`images[${index}].file`)?.origin === 'option' || recipeFolder === undefined
        ? pathOf(io, file)
        : belowFolder(recipeFolder, file),
    ),
  );
  return { recipe, files };
}

/** The base name, with what a manifest can not hold replaced. */
export function sourceNameOf(path: string): { sourceName: string; changed: boolean } {
  const name = basename(path);
  const sourceName = name.replace(/[^ -~]|\\|^ +| +$/g, '_').slice(0, 1024);
  return { sourceName, changed: sourceName !== name };
}

/** What options say of the source, and with `--provenance` the CI system of what they leave out. */
async function saidProvenance(
  io: Io,
  options: DescribingOptions,
): Promise<{ options: RecipeLayer; environment?: RecipeLayer }> {
  const { provenance: ask, sourceRepository, sourceRevision, sbom } = options;
  const said: Provenance = {
    ...(sourceRepository === undefined
      ? {}
      : { sourceRepository: checkedRepository(sourceRepository, '--source-repository') }),
    ...(sourceRevision === undefined
      ? {}
      : { sourceRevision: checkedRevision(sourceRevision, '--source-revision') }),
    ...(sbom === undefined
      ? {}
      : { sbom: toHex(await sha256(await readWholeFile(pathOf(io, sbom), MAX_SBOM_BYTES))) }),
  };
  const layer = Object.keys(said).length === 0 ? {} : { provenance: said };
  if (ask === undefined) return { options: layer };
  const { sourceOfCi } = await import('./ci-provenance.ts');
  const wanted = { repository: sourceRepository === undefined, revision: sourceRevision === undefined };
  return { options: layer, environment: { provenance: sourceOfCi(io, wanted) } };
}

/** Larger ones are no list of parts of a firmware. */
const MAX_SBOM_BYTES = 64 * 2 ** 20;

// The reader of YAML and the validator are loaded where there is a recipe, not before: they cost start-up time.

async function readRecipe(path: string) {
  const { MAX_RECIPE_BYTES } = await import('./templates.ts');
  return decode(await readWholeFile(path, MAX_RECIPE_BYTES), basename(path));
}

async function readTemplateLayer(name: string): Promise<RecipeLayer> {
  const { readTemplate } = await import('./templates.ts');
  return decode(await readTemplate(name), `template ${name}`);
}

async function decode(bytes: Uint8Array, name: string) {
  const [{ parseYaml }, { decodeRecipe }] = await Promise.all([
    import('../yaml.ts'),
    import('../../pack/recipe.ts'),
  ]);
  const { formatVersion: _, ...recipe } = decodeRecipe(await parseYaml(bytes, name));
  return recipe;
}

function optionLayer(image: string | undefined, options: DescribingOptions): RecipeLayer {
  const { name, fwVersion: version, product, hardware, part } = options;
  const counter = options.securityCounter;
  const about = optionImage(image, options);
  const target = {
    ...(product === undefined ? {} : { product }),
    ...(part === undefined ? {} : { part }),
    ...(hardware === undefined ? {} : { hardware }),
  };
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(counter === undefined
      ? {}
      : { securityCounter: parseNumber('--security-counter', counter, 0, 0xffffffff) }),
    ...(Object.keys(target).length === 0 ? {} : { target }),
    ...(Object.keys(about).length === 0 ? {} : { images: [about] }),
  };
}

function optionImage(file: string | undefined, options: DescribingOptions): RecipeImage {
  const { startAddress, imageFormat, role, align, padByte, deviceVersion } = options;
  return {
    ...(file === undefined ? {} : { file }),
    ...(role === undefined ? {} : { role: parseChoice('--role', role, ROLES) }),
    ...(imageFormat === undefined
      ? {}
      : { format: parseChoice('--image-format', imageFormat, ['auto', ...FORMATS]) }),
    ...(startAddress === undefined
      ? {}
      : { startAddress: parseNumber('--start-address', startAddress, 0, 0xffffffff) }),
    ...(align === undefined ? {} : { alignment: parseAlignment(align) }),
    ...(padByte === undefined ? {} : { padByte: parseNumber('--pad-byte', padByte, 0, 0xff) }),
    ...(deviceVersion === undefined
      ? {}
      : { deviceVersion: parseNumber('--device-version', deviceVersion, 0, 0xffffffff) }),
  };
}

function parseAlignment(text: string): number {
  const value = parseNumber('--align', text, 4, 4096);
  if ((value & (value - 1)) !== 0) {
    throw new DfuError('usage.invalid', `--align takes a power of two from 4 to 4096, not ${value}`);
  }
  return value;
}

/** A recipe may come with somebody else's sources: its images lie below its folder, links included. */
async function belowFolder(folder: string, file: string): Promise<string> {
  const path = join(folder, ...file.split('/'));
  const [real, home] = await Promise.all([realpath(path), realpath(folder)]).catch((cause: unknown) => {
    const system = codeOf(cause);
    const facts = { file: shown(path) };
    if (system === 'ENOENT' || system === 'ENOTDIR') {
      throw new DfuError('input.not-found', `${shown(path)} does not exist`, { facts, cause });
    }
    throw new DfuError('input.unreadable', `${shown(path)} can not be opened (${system})`, { facts, cause });
  });
  const way = relative(home, real);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new DfuError('recipe.image-path', `${shown(file)} leads out of the recipe's folder`, {
      facts: { file: shown(file) },
    });
  }
  return path;
}
