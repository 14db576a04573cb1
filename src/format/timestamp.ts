/** Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:SSZ`; `undefined` for another form or a time that does not exist. */
export function parseTimestamp(text: string): number | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  // Engines take 31 April for 1 May and 24:00 for the next day: what comes back must be what went in.
  return Number.isNaN(ms) || formatTimestamp(ms) !== text ? undefined : ms;
}

/** The other way round, for a whole second. */
export function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
