import { expect } from 'vitest';
import { DfuError, type ErrorCode } from '../../src/core/errors.ts';

/** Whether the error is a DfuError with one of these codes. */
export function isDfuCode(error: unknown, ...codes: ErrorCode[]): error is DfuError {
  return error instanceof DfuError && codes.includes(error.code);
}

/** What `act` throws or rejects with; fails the test when that is nothing or no DfuError. */
export async function thrownBy(act: () => unknown): Promise<DfuError> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(DfuError);
    return error as DfuError;
  }
  throw new Error('nothing was thrown');
}

/** Its value, or `undefined` where it throws a DfuError; every other exception is let through. */
export function valueOrRefusal<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof DfuError) return undefined;
    throw error;
  }
}
