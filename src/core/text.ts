const MAX_SHOWN = 256;

/**
 * Text from outside (a package, a device, a file name) in a form that is safe on any terminal, log or report:
 * bytes outside 0x20 to 0x7e as \xNN, a backslash doubled, cut at 256 characters.
 */
export function shown(text: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(text.slice(0, MAX_SHOWN + 1))) {
    const safe = byte >= 0x20 && byte <= 0x7e;
    out += safe
      ? byte === 0x5c
        ? '\\\\'
        : String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`;
    if (out.length > MAX_SHOWN) return `${withoutCommands(out.slice(0, MAX_SHOWN))}...`;
  }
  return withoutCommands(out);
}

/**
 * Text without the commands that a CI runner finds anywhere in a line of a log: `##[add-mask]`, `##vso[...]`,
 * `##teamcity[...]`. Their first byte becomes \x23.
 */
function withoutCommands(text: string): string {
  return text.replace(/#(?=#[A-Za-z]*\[)/g, '\\x23');
}

/** A count with its noun: `1 byte`, `2 bytes`. */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/**
 * A whole line of output with whatever could act on a terminal or on a CI runner taken out: bytes outside 0x20 to 0x7e
 * as \xNN, and so the first byte of what a runner would take for a command, such as `::set-output` at its beginning.
 */
export function printableLine(line: string): string {
  return withoutCommands(printable(line)).replace(/^( *):(?=:)/, '$1\\x3a');
}

function printable(line: string): string {
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  let out = '';
  for (const byte of new TextEncoder().encode(line)) {
    out +=
      byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return out;
}
