import { DfuError } from '../core/errors.ts';

/**
 * A package that is installed where the machine can have it: native modules are optional, so that everything else
 * works without them. Throws `link.driver-missing`.
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>, cure: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new DfuError(
      'link.driver-missing',
      `the package ${name} could not be loaded: ${messageOf(cause)}`,
      {
        facts: { package: name },
        cure,
        cause,
      },
    );
  }
}

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
}
