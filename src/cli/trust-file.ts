import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { MAX_TRUST_FILE_BYTES } from '../format/limits.ts';
import { parsePlainJson } from '../format/plain-json.ts';
import type { TrustFile } from '../format/trust-file.ts';
import { checkTrustFileJsonLimits, loadTrustFile } from '../format/trust-file-load.ts';
import { readWholeFile } from '../node/files.ts';
import { type Io, pathOf } from './io.ts';

/**
 * Reads a trust file, YAML or JSON. Errors name the file.
 * Throws the codes of `readWholeFile` and of `loadTrustFile`, and `trust.file-syntax`.
 */
export async function readTrustFile(io: Io, file: string): Promise<TrustFile> {
  const bytes = await readWholeFile(pathOf(io, file), MAX_TRUST_FILE_BYTES);
  return namingFile(file, async () => loadTrustFile(await parseTrustFile(bytes, file)));
}

/** What stands in a trust file: JSON where the first character that is no white space is `{`, else YAML. */
async function parseTrustFile(bytes: Bytes, file: string): Promise<unknown> {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (first !== 0x7b) {
    const { parseYaml } = await import('./yaml.ts');
    return parseYaml(bytes, file, 'trust.file-syntax');
  }
  checkTrustFileJsonLimits(bytes);
  const parsed = parsePlainJson(bytes);
  if (parsed !== undefined) return parsed.value;
  throw new DfuError(
    'trust.file-syntax',
    'it begins with { and is no plain JSON: broken, a key twice, an escape or an odd number',
  );
}

/** Runs `act`, and says in its errors which file they are about. */
export async function namingFile<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { code, cure, message } = error;
    const name = shown(file);
    // The reader of YAML says it by itself.
    const text = message.startsWith(name) ? message : `${name}: ${message}`;
    throw new DfuError(code, text, { facts: { ...error.facts, file: name }, cure, cause: error });
  }
}
