import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { generateKeyPair, writeKeyPair } from '../../node/keys.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { type PassphraseOptions, readPassphrase } from './passphrase.ts';
import { printWarnings } from './report.ts';

export interface KeygenOptions extends PassphraseOptions {
  output?: string;
  json?: true;
}

/** `dfu-pack keygen`: NAME.key.pem and NAME.pub.pem. */
export async function keygen(io: Io, argument: string | undefined, options: KeygenOptions): Promise<number> {
  const { output } = options;
  if ((argument === undefined) === (output === undefined)) {
    throw new DfuError('usage.invalid', 'say once how the key is called: dfu-pack keygen NAME');
  }
  const name = argument ?? output ?? '';
  if (name === '' || /[/\\]$/.test(name)) {
    throw new DfuError('usage.invalid', `"${shown(name)}" is no name for a key`);
  }
  const privateKey = `${name}.key.pem`;
  const publicKey = `${name}.pub.pem`;
  const passphrase = await readPassphrase(io, options);
  const pair = await generateKeyPair(passphrase?.bytes);
  passphrase?.bytes.fill(0);
  // Ctrl-C waits for these two small files: half a key pair would be left behind.
  const end = io.onInterrupt(() => {});
  try {
    await writeKeyPair(pair, pathOf(io, privateKey), pathOf(io, publicKey));
  } finally {
    end();
  }
  const { keyId } = pair.key;
  const encrypted = passphrase !== undefined;
  printWarnings(io, passphrase?.warnings ?? []);
  if (options.json) {
    printJson(io, { formatVersion: 1, command: 'keygen', keyId, privateKey, publicKey, encrypted });
    return 0;
  }
  io.out(
    [
      `${shown(privateKey)}: the private key${encrypted ? ', encrypted; without its passphrase it is lost' : ''}. Keep it secret, and keep a copy: it can not be made again.`,
      `${shown(publicKey)}: the public key, for those who verify.`,
      `  key id  ${keyId}`,
      '',
    ].join('\n'),
  );
  return 0;
}
