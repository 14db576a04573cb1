import { DfuError } from '../core/errors.ts';
import { printableLine } from '../core/text.ts';

/** A number as the operator writes it: decimal or 0x hex, the whole string or nothing. Throws `usage.invalid`. */
export function parseNumber(option: string, text: string, min: number, max: number): number {
  const value = /^(0|[1-9][0-9]*|0x[0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new DfuError(
      'usage.invalid',
      `${option} takes a whole number from ${min} to ${max} (decimal or 0x hex), not "${printableLine(text)}"`,
    );
  }
  return value;
}

/** One word of a list. Throws `usage.invalid` that names the words there are. */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((c) => c === text);
  if (choice === undefined) {
    throw new DfuError(
      'usage.invalid',
      `${option} takes ${choices.join(', ')}, not "${printableLine(text)}"`,
    );
  }
  return choice;
}
