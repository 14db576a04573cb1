import { type ChildProcess, spawn } from 'node:child_process';
import { type Bytes, concat } from '../core/bytes.ts';
import { DfuError, type ErrorCode } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { onWaitEnd, type Wait } from '../core/wait.ts';
import { normaliseLowS } from '../crypto/ecdsa-signature.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { SIGNATURE_BYTES, verifySignature } from '../crypto/signature.ts';
import { codeOf } from './files.ts';

/** A program that signs: it reads the bytes to sign from stdin, to their end, and writes 64 bytes to stdout. */
export interface SignerProgram {
  /** A path, or a name to be looked for on the PATH. No shell reads it. */
  program: string;
  /** As they are. They may hold a PIN: no message repeats them. */
  args: readonly string[];
  cwd: string;
  /** For messages. */
  name: string;
  /** What it signs for. */
  key: PublicKey;
}

/** How long a program that was asked to end (SIGTERM) has for it. */
const GRACE_MS = 1000;
/** Of what it says on stderr, the end is kept: there stands what went wrong. Bytes. */
const STDERR_BYTES = 200;

/**
 * The signature that a program makes, verified. The program ends with the wait.
 * Throws `pack.signer-not-started`, `pack.signer-failed`, `pack.signer-killed`, `pack.signer-timeout`,
 * `pack.signer-output`, `pack.signer-signature`, `run.interrupted`.
 */
export async function signByProgram(signer: SignerProgram, message: Bytes, wait: Wait): Promise<Bytes> {
  const answer = await run(signer, message, wait);
  // Tokens answer with either of the two values of s.
  const signature = signer.key.algorithm === 'ed25519' ? answer : normaliseLowS(answer);
  if (await verifySignature(signer.key, message, signature)) return signature;
  const { keyId } = signer.key;
  throw failure(signer, 'pack.signer-signature', `answered, but not with a signature of the key ${keyId}`, {
    keyId,
  });
}

function run(signer: SignerProgram, message: Bytes, wait: Wait): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const { program, args, cwd } = signer;
    let child: ChildProcess;
    try {
      child = spawn(program, args, { cwd, shell: false, windowsHide: true, stdio: 'pipe' });
    } catch (cause) {
      reject(notStarted(signer, cause));
      return;
    }
    const output = new Uint8Array(SIGNATURE_BYTES);
    let length = 0;
    let stderr: Bytes = new Uint8Array(0);
    /** Why it was ended by us. */
    let ended: DfuError | undefined;
    let cancelKill = () => {};

    const finish = (answer: () => void) => {
      cancelWait();
      cancelKill();
      // A process that the program left behind may hold them open.
      for (const stream of child.stdio) stream?.destroy();
      answer();
    };
    const end = (error: DfuError) => {
      if (ended !== undefined) return;
      ended = error;
      child.kill('SIGTERM');
      cancelKill = wait.clock.after(GRACE_MS, () => {
        child.kill('SIGKILL');
        finish(() => reject(error));
      });
    };
    const cancelWait = onWaitEnd(wait, 'a signature', (error) => {
      const seconds = Math.round(Number(error.facts.waitedMs ?? 0) / 1000);
      const text = `did not sign within ${counted(seconds, 'second')}, and was ended`;
      end(error.code === 'link.timeout' ? failure(signer, 'pack.signer-timeout', text, { seconds }) : error);
    });

    child.stdout?.on('data', (chunk: Uint8Array) => {
      if (length + chunk.length > SIGNATURE_BYTES) {
        end(failure(signer, 'pack.signer-output', `wrote more than ${SIGNATURE_BYTES} bytes to stdout`));
        return;
      }
      output.set(chunk, length);
      length += chunk.length;
    });
    child.stderr?.on('data', (chunk: Uint8Array) => {
      stderr = concat([stderr, chunk]).slice(-STDERR_BYTES);
    });
    // Whether it read all of it shows in the signature, which is verified.
    child.stdin?.on('error', () => {});
    child.stdin?.end(message);

    child.on('error', (cause) => {
      // Of a child that runs: it could not be ended, which the time of grace takes care of.
      if (child.pid === undefined) finish(() => reject(notStarted(signer, cause)));
    });
    // Not 'close' once we ended it: a process of its own may live on with its stdout.
    child.on('exit', () => {
      const error = ended;
      if (error !== undefined) finish(() => reject(error));
    });
    child.on('close', (code, signal) => {
      const error = ended ?? wrongEnd(signer, code, signal, stderr) ?? wrongLength(signer, length, stderr);
      finish(() => (error === undefined ? resolve(output) : reject(error)));
    });
  });
}

function wrongEnd(
  signer: SignerProgram,
  code: number | null,
  signal: string | null,
  stderr: Bytes,
): DfuError | undefined {
  if (signal !== null) {
    return failure(signer, 'pack.signer-killed', `was ended by ${signal}${saying(stderr)}`, { signal });
  }
  if (code === 0 || code === null) return undefined;
  return failure(signer, 'pack.signer-failed', `ended with exit code ${code}${saying(stderr)}`, {
    exitCode: code,
  });
}

function wrongLength(signer: SignerProgram, length: number, stderr: Bytes): DfuError | undefined {
  if (length === SIGNATURE_BYTES) return undefined;
  const text = `wrote ${counted(length, 'byte')} to stdout, not the ${SIGNATURE_BYTES} of a signature${saying(stderr)}`;
  return failure(signer, 'pack.signer-output', text, { size: length });
}

function notStarted(signer: SignerProgram, cause: unknown): DfuError {
  // Not as a cause: Node's error holds the arguments.
  return failure(signer, 'pack.signer-not-started', `can not be started (${codeOf(cause)})`);
}

function failure(
  { name }: SignerProgram,
  code: ErrorCode,
  what: string,
  facts: Record<string, string | number> = {},
): DfuError {
  return new DfuError(code, `the signer ${shown(name)} ${what}`, {
    facts: { signer: shown(name), ...facts },
  });
}

/** What the program said, for a message. */
function saying(stderr: Bytes): string {
  const text = new TextDecoder().decode(stderr).trim();
  return text === '' ? ' and said nothing' : `: ${shown(text)}`;
}
