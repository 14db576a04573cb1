import type { ErrorKind } from '../errors.ts';

/** A part of the table of errors; keeps the codes as literal types. */
export function errorCodes<const T extends Record<string, ErrorKind>>(table: T): T {
  return table;
}
