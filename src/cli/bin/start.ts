import { type Io, processIo } from '../io.ts';

/**
 * Starts a program in this process. The exit code is set, not forced, so that all output is written out; output that
 * can not be written turns success into failure, since somebody may wait for it.
 */
export async function start(main: (argv: readonly string[], io: Io) => Promise<number>): Promise<void> {
  let outputFailed = false;
  const io = processIo(() => {
    outputFailed = true;
    process.exitCode ||= 2;
  });
  const exit = await main(process.argv.slice(2), io);
  process.exitCode = outputFailed && exit === 0 ? 2 : exit;
}
