import type { ExitCode } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import type { TrustFile } from '../../format/trust-file.ts';
import { readTerms } from '../../verify/options.ts';
import { lintTrustFile, TRUST_LINT_CURES, type TrustLintFinding } from '../../verify/trust-lint.ts';
import type { Io } from '../io.ts';
import { parseNumber } from '../options.ts';
import { printJson } from '../program.ts';
import { readTrustFile } from '../trust-file.ts';

export interface TrustCheckOptions {
  at?: string;
  within?: string;
  strict?: boolean;
  json?: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_DAYS = 36500;

/** dfu-verify trust check: whether a trust file can be used, and what is about to go wrong with it. */
export async function trustCheck(io: Io, path: string, options: TrustCheckOptions): Promise<number> {
  const { at, atMs } = readTerms({ at: options.at ?? io.now().getTime() });
  const withinDays = parseNumber('--within', options.within ?? '30', 0, MAX_DAYS);
  const file = await readTrustFile(io, path);
  const findings = lintTrustFile(file, { atMs, withinMs: withinDays * DAY_MS });
  const decisive = options.strict ? findings : findings.filter(({ severity }) => severity === 'error');
  const exit: ExitCode = decisive.length === 0 ? 0 : 5;
  if (options.json) printJson(io, document(path, file, { at, withinDays, exit }, findings));
  else io.out(render(path, file, findings));
  return exit;
}

/** schemas/trust-check-v1.schema.json. */
function document(
  path: string,
  file: TrustFile,
  judged: { at: string; withinDays: number; exit: ExitCode },
  findings: readonly TrustLintFinding[],
): object {
  const { version: fileVersion, notAfter } = file.document;
  return {
    formatVersion: 1,
    tool: { name: 'dfukit', version },
    ...judged,
    file: path,
    trustFile: {
      version: fileVersion,
      digest: file.digest,
      notAfter,
      keys: file.keys.size,
      rules: file.rules.size,
    },
    findings,
  };
}

function render(path: string, file: TrustFile, findings: readonly TrustLintFinding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const lines = [
    `${shown(path)}: version ${file.document.version}, until ${file.document.notAfter}, ` +
      `${counted(file.keys.size, 'key')}, ${counted(file.rules.size, 'rule')}`,
    `  digest ${file.digest}`,
    ...findings.flatMap(({ severity, path: at, message, code }, i) => [
      `  ${severity}: ${at}: ${message} [${code}]`,
      // Once for all of a kind, at the last of them.
      ...(findings.slice(i + 1).some((later) => later.code === code)
        ? []
        : [`    ${TRUST_LINT_CURES[code]}`]),
    ]),
    findings.length === 0
      ? '  nothing to say against it'
      : `  ${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`,
  ];
  return `${lines.map(printableLine).join('\n')}\n`;
}
