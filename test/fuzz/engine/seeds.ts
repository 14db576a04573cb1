import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../../src/core/bytes.ts';
import { DfuError } from '../../../src/core/errors.ts';
import { openContainer } from '../../../src/format/zip.ts';

const VECTORS = join('test', 'vectors');

/** Files of the vectors whose name ends so; paths from the project's folder, where all tests run. */
export function vectorFiles(folder: string, ending: string): Bytes[] {
  const path = join(VECTORS, folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => new Uint8Array(readFileSync(join(path, file))));
}

export const hostilePackages = (): Bytes[] => vectorFiles(join('hostile', 'files'), '.dfupkg');

/** What `part` takes out of each hostile package that opens. */
export function partsOfPackages(part: (container: ReturnType<typeof openContainer>) => Bytes[]): Bytes[] {
  const parts = hostilePackages().flatMap((bytes) => {
    try {
      return part(openContainer(bytes)).map((view) => view.slice());
    } catch (error) {
      if (error instanceof DfuError) return [];
      throw error;
    }
  });
  const distinct = new Map(parts.map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]));
  return [...distinct.values()];
}
