/** What ajv's compiled validators leave behind, as far as it is needed. */
export interface SchemaError {
  /** JSON pointer (RFC 6901) to the value that was refused. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The keys a JSON pointer goes along: `/images/0/a~1b` as `['images', '0', 'a/b']`. */
export function pointerKeys(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What stands at the end of these keys; `undefined` where one of them is missing. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
