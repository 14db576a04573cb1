import { DfuError, ERRORS, type ErrorCode, isErrorCode } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** dfu-verify explain: what a code stands for and what to do; without a code, all there are. */
export async function explain(
  io: Io,
  code: string | undefined,
  options: { json?: boolean },
): Promise<number> {
  if (code !== undefined && !isErrorCode(code)) {
    throw new DfuError('usage.invalid', `there is no code ${shown(code)}${hint(code)}`, {
      cure: 'See all codes with dfu-verify explain.',
    });
  }
  const codes = code === undefined ? (Object.keys(ERRORS) as ErrorCode[]).sort() : [code];
  if (options.json) {
    printJson(io, { formatVersion: 1, codes: codes.map((name) => ({ code: name, ...ERRORS[name] })) });
  } else if (code === undefined) io.out(list(codes));
  else io.out(codes.map(describe).join(''));
  return 0;
}

function describe(code: ErrorCode): string {
  const { exit, retryable, title, cure } = ERRORS[code];
  const again = retryable ? 'another run may succeed' : 'another run will end the same';
  return `${code}\n  What:  ${title}\n  Cure:  ${cure}\n  Exit:  ${exit}; unchanged, ${again}\n`;
}

function list(codes: readonly ErrorCode[]): string {
  const width = Math.max(...codes.map((code) => code.length));
  return codes
    .map((code) => `${code.padEnd(width)}  ${String(ERRORS[code].exit).padStart(3)}  ${ERRORS[code].title}\n`)
    .join('');
}

/** Codes of the same area, where the part before the dot is one. */
function hint(code: string): string {
  const area = code.split('.')[0] ?? '';
  const near = Object.keys(ERRORS).filter((name) => name.startsWith(`${area}.`));
  return near.length === 0 ? '' : `; there are ${near.join(', ')}`;
}
