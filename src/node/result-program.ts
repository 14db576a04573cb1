import { type ChildProcess, spawn } from 'node:child_process';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { onWaitEnd, type Wait } from '../core/wait.ts';
import { codeOf } from './files.ts';

/** A program that is told a result: one line on its standard input. */
export interface ResultProgram {
  /** A path, or a name to be looked for on the PATH. No shell reads it. */
  program: string;
  args: readonly string[];
  cwd: string;
}

/** How long a program that was asked to end (SIGTERM) has for it. */
const GRACE_MS = 1000;
/** After its end, for what it said last. */
const LAST_WORDS_MS = 200;
/** Of what it says on stderr, the end is kept: there stands what went wrong. Bytes. */
const STDERR_BYTES = 200;

/**
 * Starts the program, gives it the line, and waits for its end; its standard output goes nowhere. It ends with the wait.
 * Throws `station.program-failed`, `run.interrupted`.
 */
export function tellProgram({ program, args, cwd }: ResultProgram, line: string, wait: Wait): Promise<void> {
  const failed = (what: string) =>
    new DfuError('station.program-failed', `the program ${shown(program)} ${what}`);
  return new Promise((resolve, reject) => {
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        ...{ cwd, shell: false, windowsHide: true },
        stdio: ['pipe', 'ignore', 'pipe'],
      });
    } catch (cause) {
      reject(failed(`can not be started (${codeOf(cause)})`));
      return;
    }
    let stderr: Bytes = new Uint8Array(0);
    /** Why it was ended by us. */
    let ended: DfuError | undefined;
    let cancelKill = () => {};
    const finish = (error: DfuError | undefined) => {
      cancelWait();
      cancelKill();
      // A process that the program left behind may hold them open.
      for (const stream of child.stdio) stream?.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const cancelWait = onWaitEnd(wait, `the program ${shown(program)}`, (error) => {
      const seconds = counted(Math.round(Number(error.facts.waitedMs ?? 0) / 1000), 'second');
      const why = error.code === 'link.timeout' ? failed(`did not end within ${seconds}`) : error;
      ended = why;
      child.kill('SIGTERM');
      cancelKill = wait.clock.after(GRACE_MS, () => {
        child.kill('SIGKILL');
        finish(why);
      });
    });
    child.stderr?.on('data', (chunk: Uint8Array) => {
      stderr = concat([stderr, chunk]).slice(-STDERR_BYTES);
    });
    // One that does not read the line is no failure; its exit code tells.
    child.stdin?.on('error', () => {});
    child.stdin?.end(utf8(`${line}\n`));
    child.on('error', (cause) => {
      // Of a child that runs: it could not be ended, which the time of grace takes care of.
      if (child.pid === undefined) finish(failed(`can not be started (${codeOf(cause)})`));
    });
    const answer = (code: number | null, signal: string | null) => {
      if (ended !== undefined) return finish(ended);
      if (code === 0) return finish(undefined);
      const said = new TextDecoder().decode(stderr).trim();
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      finish(failed(`${how}${said === '' ? '' : `: ${shown(said)}`}`));
    };
    child.on('close', answer);
    // A process that it left behind may hold its stderr open for long.
    child.on('exit', (code, signal) => {
      cancelWait();
      cancelKill();
      cancelKill = wait.clock.after(LAST_WORDS_MS, () => answer(code, signal));
    });
  });
}
