import { toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice } from '../options.ts';
import { printJson } from '../program.ts';
import { destination, writeOutput } from './output.ts';
import { readSignable, renderTrustFileFacts, trustFileFacts } from './trust.ts';

export interface TrustTbsOptions {
  output?: string;
  hex?: true;
  digest?: string;
  force?: true;
  json?: true;
}

/** `dfu-pack trust tbs`: the bytes that a signature of a trust file is made over, or their SHA-256. */
export async function trustTbs(io: Io, path: string, options: TrustTbsOptions): Promise<number> {
  const { output, hex, json } = options;
  const digestName =
    options.digest === undefined ? undefined : parseChoice('--digest', options.digest, ['sha256']);
  if (output === undefined && !hex && !json) {
    throw new DfuError('usage.invalid', 'say where the bytes go: -o FILE, or --hex to print them');
  }
  const to =
    output === undefined
      ? undefined
      : await destination(io, output, options.force === true, [pathOf(io, path)]);
  const { file, message } = await readSignable(io, path);
  const digest = digestName === undefined ? undefined : await sha256(message);
  const toSign = digest ?? message;
  if (to !== undefined) await writeOutput(io, to, [toSign]);
  if (json) {
    printJson(io, {
      formatVersion: 1,
      command: 'trust tbs',
      ...(output === undefined ? {} : { output }),
      trustFile: trustFileFacts(file),
      message: toHex(message),
      ...(digest === undefined ? {} : { messageSha256: toHex(digest) }),
    });
    return 0;
  }
  // With --hex, stdout is for the next program.
  const tell = hex ? io.err : io.out;
  const what = digest === undefined ? ' to sign' : ', the SHA-256 that ECDSA P-256 signs';
  if (output !== undefined) {
    tell(`${printableLine(`${shown(output)}: ${counted(toSign.length, 'byte')}${what}`)}\n`);
  }
  tell(`${renderTrustFileFacts(file).map(printableLine).join('\n')}\n`);
  if (hex) io.out(`${toHex(toSign)}\n`);
  return 0;
}
