import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { MAX_IMAGE_BYTES } from '../../format/limits.ts';
import { EXTENSION } from '../../format/package.ts';
import { parseTimestamp } from '../../format/timestamp.ts';
import { readWholeFile } from '../../node/files.ts';
import { buildPackage } from '../../pack/build.ts';
import type { BuildImage } from '../../pack/image.ts';
import type { CompleteRecipe } from '../../pack/recipe-layers.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { type Io, pathOf } from '../io.ts';
import { release } from './memory.ts';
import { destination, writePackage } from './output.ts';
import { complete, type DescribingOptions, gather, sourceNameOf } from './recipe-input.ts';
import { packageFacts, printWritten, reportedImages } from './report.ts';
import { checkMade } from './self-check.ts';
import { readSigners, type SigningOptions, signingInputs } from './signers.ts';

export interface BuildOptions extends DescribingOptions, SigningOptions {
  output?: string;
  force?: true;
  printRecipe?: true;
  json?: true;
}

/** `dfu-pack build`: a package from one image, or from those of a recipe. */
export async function build(io: Io, image: string | undefined, options: BuildOptions): Promise<number> {
  const { json = false } = options;
  const said = await gather(io, image, options);
  if (options.printRecipe) {
    const { printRecipe } = await import('./print-recipe.ts');
    return printRecipe(io, said.resolved, json);
  }
  const { recipe, files } = await complete(io, said);
  const described = [options.recipe, options.sbom]
    .filter((file) => file !== undefined)
    .map((file) => pathOf(io, file));
  const inputs = [...files, ...described, ...signingInputs(io, options)];
  const output = options.output ?? `${recipe.name}-${recipe.version}${EXTENSION}`;
  // The images come from the disk while the keys are checked, which is arithmetic.
  const [to, { signers, warnings }, source] = await Promise.all([
    destination(io, output, options.force === true, inputs),
    readSigners(io, options),
    readImages(recipe, files),
  ]);
  const built = await buildPackage({ ...recipe, images: source.images, signers }).catch((error: unknown) => {
    throw withFile(error, recipe, files);
  });
  warnings.push(...source.warnings, ...built.warnings, ...expired(io, recipe));
  const keys = signers.map((signer) => signer.key);
  const size = await writePackage(io, to, built.segments, (readBack) =>
    checkMade(readBack, keys, built.packageId),
  );
  printWritten(
    io,
    {
      formatVersion: 1,
      command: 'build',
      output,
      size,
      package: packageFacts(built.manifest, built.packageId),
      signedBy: keys.map((key) => key.keyId).sort(),
      images: reportedImages(built.manifest, built.treatments),
      warnings,
    },
    json,
  );
  return 0;
}

async function readImages(
  recipe: CompleteRecipe,
  files: readonly string[],
): Promise<{ images: BuildImage[]; warnings: PackWarning[] }> {
  const images: BuildImage[] = [];
  const warnings: PackWarning[] = [];
  for (const [index, { file: _, ...image }] of recipe.images.entries()) {
    const path = files[index];
    if (path === undefined) throw new Error('an image without a file');
    const { sourceName, changed } = sourceNameOf(path);
    if (changed) {
      const message = `its file name is recorded as ${sourceName}: a manifest holds printable ASCII`;
      warnings.push({ code: 'source-name', image: image.name, message });
    }
    const bytes = await readWholeFile(path, MAX_IMAGE_BYTES);
    images.push({ ...image, sourceName, bytes, release: () => release([bytes]) });
  }
  return { images, warnings };
}

/** A message about the only image says which file that is. */
function withFile(error: unknown, recipe: CompleteRecipe, files: readonly string[]): unknown {
  if (!(error instanceof DfuError) || !error.code.startsWith('image.')) return error;
  const [file] = files;
  if (file === undefined || recipe.images.length > 1) return error;
  const { code, message, facts, cure } = error;
  return new DfuError(code, `${shown(file)}: ${message}`, {
    facts: { ...facts, file: shown(file) },
    cure,
    cause: error,
  });
}

function expired(io: Io, { notAfter }: CompleteRecipe): PackWarning[] {
  const ends = notAfter === undefined ? undefined : parseTimestamp(notAfter);
  if (ends === undefined || io.now().getTime() < ends) return [];
  return [{ code: 'expired', message: `the package is refused by everybody: it expired at ${notAfter}` }];
}
