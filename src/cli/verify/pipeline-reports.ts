import { isAbsolute, relative } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import type { JudgedFile } from '../../verify/render/findings.ts';
import { renderGithub } from '../../verify/render/github.ts';
import { renderJunit } from '../../verify/render/junit.ts';
import { sarifDocument } from '../../verify/render/sarif.ts';
import { type Io, pathOf } from '../io.ts';
import { jsonText } from '../program.ts';
import type { Judged } from './document.ts';

/** The text of `--sarif`. */
export async function sarifText(io: Io, judged: readonly Judged[], exit: ExitCode): Promise<string> {
  return jsonText(await sarifDocument(placed(io, judged), exit));
}

/** The text of `--junit`. */
export function junitText(io: Io, judged: readonly Judged[]): string {
  return renderJunit(placed(io, judged));
}

/** The lines of `--github`. */
export function annotations(io: Io, judged: readonly Judged[]): string {
  return renderGithub(placed(io, judged));
}

/** With the paths by which readers of a report find a file: from the folder of the run, as far as it lies below it. */
function placed(io: Io, judged: readonly Judged[]): JudgedFile[] {
  return judged.map((one) => {
    const path = pathOf(io, one.file);
    const below = relative(io.cwd, path);
    const near = below === '' || isAbsolute(below) || /^\.\.(?:[\\/]|$)/.test(below) ? path : below;
    return { ...one, path: io.platform === 'win32' ? near.replaceAll('\\', '/') : near };
  });
}
