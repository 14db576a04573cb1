import { hex32 } from '../../core/bytes.ts';
import { printableLine } from '../../core/text.ts';
import type { ResolvedRecipe } from '../../pack/recipe-layers.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** `--print-recipe`: each value with what it comes from. Makes nothing. */
export function printRecipe(io: Io, { values }: ResolvedRecipe, json: boolean): number {
  const rows = [...values.values()];
  if (json) {
    printJson(io, { formatVersion: 1, command: 'print-recipe', values: rows });
    return 0;
  }
  const texts = rows.map(({ path, value }) => `${path}: ${rendered(path, value)}`);
  const width = Math.max(...texts.map((text) => text.length));
  for (const [index, { origin }] of rows.entries()) {
    io.out(`${printableLine(`${(texts[index] ?? '').padEnd(width)}  # ${origin}`)}\n`);
  }
  return 0;
}

/** As YAML would take it, addresses and versions of devices in hex. */
function rendered(path: string, value: unknown): string {
  if (typeof value === 'number' && /\.(startAddress|deviceVersion)$/.test(path)) return hex32(value);
  if (typeof value === 'number' && path.endsWith('.padByte'))
    return `0x${value.toString(16).padStart(2, '0')}`;
  return JSON.stringify(value);
}
