import { DfuError, ERRORS, type ErrorCode, isErrorCode } from '../../core/errors.ts';
import { nearestWord } from '../../core/nearest.ts';
import { shown } from '../../core/text.ts';
import { CHECKS } from '../../verify/checks.ts';
import { TRUST_LINT, TRUST_LINT_CURES, type TrustLintCode } from '../../verify/trust-lint.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** dfu-verify explain: what a code stands for and what to do; without a code, all there are. */
export async function explain(
  io: Io,
  asked: string | undefined,
  options: { json?: boolean },
): Promise<number> {
  // As it stands at the end of a message: [trust.unsigned].
  const code = asked?.replace(/^\[(.*)\]$/, '$1');
  if (code !== undefined && !isErrorCode(code)) throw noCode(code);
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

function noCode(code: string): DfuError {
  if (Object.hasOwn(TRUST_LINT, code)) {
    const finding = code as TrustLintCode;
    const what = `${finding} is no error code but a finding of dfu-verify trust check, ${TRUST_LINT[finding] === 'error' ? 'an error' : 'a warning'}`;
    return new DfuError('usage.invalid', what, { cure: TRUST_LINT_CURES[finding] });
  }
  if (CHECKS.some(({ id }) => id === code)) {
    return new DfuError('usage.invalid', `${code} is the name of a check`, {
      cure: 'Give the code: where the check failed it stands in brackets at the end of the line.',
    });
  }
  return new DfuError('usage.invalid', `there is no code ${shown(code)}${hint(code)}`, {
    cure: 'See all codes with dfu-verify explain.',
  });
}

/** The code that was most likely meant; otherwise those of the same area, where the part before the dot is one. */
function hint(code: string): string {
  const codes = Object.keys(ERRORS);
  const nearest = nearestWord(code, codes);
  if (nearest !== undefined) return `; perhaps ${nearest} is meant`;
  const [area = ''] = code.split('.');
  const near = codes.filter((name) => name.startsWith(`${area}.`));
  return near.length === 0 ? '' : `; there are ${near.join(', ')}`;
}
