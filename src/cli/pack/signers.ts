import { shown } from '../../core/text.ts';
import type { Signer } from '../../crypto/public-key.ts';
import { readPrivateKeyFile } from '../../node/keys.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { type Io, pathOf } from '../io.ts';

/** The keys of `--key`, in the order given, and which of their files others can read. */
export async function readSigners(
  io: Io,
  files: readonly string[],
): Promise<{ signers: Signer[]; warnings: PackWarning[] }> {
  const signers: Signer[] = [];
  const warnings: PackWarning[] = [];
  for (const file of files) {
    const { signer, openToOthers } = await readPrivateKeyFile(pathOf(io, file));
    signers.push(signer);
    if (openToOthers) {
      const message = `others can read the private key ${shown(file)}: chmod 600, and think about replacing it`;
      warnings.push({ code: 'key-open-to-others', message });
    }
  }
  return { signers, warnings };
}
