import { hex32 } from '../../core/bytes.ts';
import { printableLine } from '../../core/text.ts';
import { findPart } from '../../images/parts.ts';
import type { ResolvedRecipe, ResolvedValue } from '../../pack/recipe-layers.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** `--print-recipe`: each value with what it comes from. Makes nothing. */
export function printRecipe(io: Io, resolved: ResolvedRecipe, json: boolean): number {
  const values = [...resolved.values.values(), ...partDefaults(resolved)];
  if (json) {
    printJson(io, { formatVersion: 1, command: 'print-recipe', values });
    return 0;
  }
  const texts = values.map(({ path, value }) => `${path}: ${rendered(path, value)}`);
  const width = Math.max(...texts.map((text) => text.length));
  for (const [index, { origin }] of values.entries()) {
    io.out(`${printableLine(`${(texts[index] ?? '').padEnd(width)}  # ${origin}`)}\n`);
  }
  return 0;
}

/** Where packing puts a raw application for which nobody said it. */
function partDefaults({ recipe, values }: ResolvedRecipe): ResolvedValue[] {
  const part = findPart(recipe.target?.part ?? '');
  if (part === undefined) return [];
  const value = part.layouts[0].applicationStart;
  return (recipe.images ?? []).flatMap(({ role }, index): ResolvedValue[] => {
    const path = `images[${index}].startAddress`;
    return role !== 'application' || values.has(path) ? [] : [{ path, value, origin: 'default' }];
  });
}

/** As YAML would take it, addresses and versions of devices in hex. */
function rendered(path: string, value: unknown): string {
  if (typeof value === 'number' && /\.(startAddress|deviceVersion)$/.test(path)) return hex32(value);
  if (typeof value === 'number' && path.endsWith('.padByte'))
    return `0x${value.toString(16).padStart(2, '0')}`;
  return JSON.stringify(value);
}
