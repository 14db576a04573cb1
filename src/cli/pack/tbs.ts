import { type Bytes, toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice } from '../options.ts';
import { printJson } from '../program.ts';
import { destination, writeOutput } from './output.ts';

/** What commander makes of the options that `addTbsOptions` adds. */
export interface TbsOptions {
  output?: string;
  hex?: true;
  digest?: string;
  force?: true;
  json?: true;
}

/** What is to be signed, and what is told of it. */
export interface ToBeSigned {
  message: Bytes;
  /** Its place in the JSON document, under a name of its own. */
  facts: Readonly<Record<string, unknown>>;
  /** The same for people. */
  lines: readonly string[];
}

/**
 * The work of `dfu-pack tbs` and `dfu-pack trust tbs`: writes or prints the bytes that a signature of `file` is made over;
 * with `--digest`, for tokens that hash nothing themselves, their SHA-256. `read` comes after all that can be wrong with
 * the call. Throws `usage.invalid`, and what reading and writing throw.
 */
export async function giveToBeSigned(
  io: Io,
  command: 'tbs' | 'trust tbs',
  file: string,
  options: TbsOptions,
  read: () => Promise<ToBeSigned>,
): Promise<number> {
  const { output, hex, json } = options;
  const digestName =
    options.digest === undefined ? undefined : parseChoice('--digest', options.digest, ['sha256']);
  if (output === undefined && !hex && !json) {
    throw new DfuError('usage.invalid', 'say where the bytes go: -o FILE, or --hex to print them');
  }
  const to =
    output === undefined
      ? undefined
      : await destination(io, output, options.force === true, [pathOf(io, file)]);
  const { message, facts, lines } = await read();
  const digest = digestName === undefined ? undefined : await sha256(message);
  const toSign = digest ?? message;
  if (to !== undefined) await writeOutput(io, to, [toSign]);
  if (json) {
    printJson(io, {
      formatVersion: 1,
      command,
      ...(output === undefined ? {} : { output }),
      ...facts,
      message: toHex(message),
      ...(digest === undefined ? {} : { messageSha256: toHex(digest) }),
    });
    return 0;
  }
  // With --hex, stdout is for the next program.
  const tell = hex ? io.err : io.out;
  const what = digest === undefined ? ' to sign' : ', the SHA-256 that ECDSA P-256 signs';
  const written = output === undefined ? [] : [`${shown(output)}: ${counted(toSign.length, 'byte')}${what}`];
  tell(`${[...written, ...lines].map(printableLine).join('\n')}\n`);
  if (hex) io.out(`${toHex(toSign)}\n`);
  return 0;
}
