import { ERRORS } from '../../core/errors.ts';
import { printableLine } from '../../core/text.ts';
import { type Finding, findingsOf, type JudgedFile } from './findings.ts';

/**
 * The judgement of packages as GitHub annotations: a line with a workflow command for each failed check, each warning
 * and each file that could not be judged; nothing for what was accepted. Each value is printable ASCII with `%`, line
 * ends and, in properties, `:` and `,` percent-encoded (actions/toolkit, packages/core, command), so that it ends
 * neither its value nor its line.
 */
export function renderGithub(judged: readonly JudgedFile[]): string {
  return judged
    .flatMap((one) => findingsOf(one).map((finding) => annotation(one.path ?? one.file, finding)))
    .join('');
}

function annotation(file: string, { level, code, message, cure }: Finding): string {
  const title = code === undefined ? 'accepted, with a reservation' : `${ERRORS[code].title} [${code}]`;
  const lines = cure === undefined ? [message] : [message, cure];
  return `::${level} file=${property(file)},title=${property(title)}::${data(lines)}\n`;
}

function property(text: string): string {
  return data([text]).replace(/[:,]/g, (char) => (char === ':' ? '%3A' : '%2C'));
}

function data(lines: readonly string[]): string {
  return lines.map((line) => printableLine(line).replace(/%/g, '%25')).join('%0A');
}
