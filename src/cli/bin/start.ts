import { DfuError } from '../../core/errors.ts';
import { codeOf } from '../../node/files.ts';
import { renderError } from '../error-output.ts';
import { type Io, processIo } from '../io.ts';

/**
 * Starts a program in this process. The exit code is set, not forced, so that all output is written out. Output that
 * can not be written turns success into failure, since somebody may wait for it; a reader that closed its pipe
 * (`| head -1`) waits for nothing more.
 */
export async function start(main: (argv: readonly string[], io: Io) => Promise<number>): Promise<void> {
  let failure: DfuError | undefined;
  const io = processIo((cause, stream) => {
    if (codeOf(cause) === 'EPIPE' || failure !== undefined) return;
    failure = new DfuError('output.failed', `${stream} can not be written (${codeOf(cause)})`, { cause });
    process.exitCode ||= failure.exit;
    if (stream === 'standard output') io.err(renderError(failure, 'dfukit'));
  });
  const exit = await main(process.argv.slice(2), io);
  process.exitCode = exit === 0 && failure !== undefined ? failure.exit : exit;
}
