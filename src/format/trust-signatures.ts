import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { PAYLOAD_TYPES } from './dsse.ts';
import { parsePlainJson } from './plain-json.ts';
import { valueAt } from './schema-error.ts';
import { decodeSignatures, type PackageSignature } from './signatures.ts';

/** The file beside a trust file that holds its signatures: `trust.json.sig.json`. */
export function trustSignaturesName(trustFile: string): string {
  return `${trustFile}.sig.json`;
}

/**
 * The detached signatures of a trust file, in the form of signatures.json with a payload type of its own. None is
 * verified here. Throws `trust.signatures-kind` for signatures of something else, `trust.signatures-form`.
 */
export function decodeTrustSignatures(bytes: Bytes): PackageSignature[] {
  try {
    return decodeSignatures(bytes, PAYLOAD_TYPES.trust);
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { facts } = error;
    if (error.code !== 'format.unsupported-version') {
      const what = error.message.replace(/^signatures\.json:? /, '');
      throw new DfuError('trust.signatures-form', `the signatures: ${what}`, { facts, cause: error });
    }
    const type = valueAt(parsePlainJson(bytes)?.value, ['payloadType']);
    const what = type === PAYLOAD_TYPES.manifest ? 'the signatures of a package' : error.message;
    throw new DfuError('trust.signatures-kind', `these are ${what}, not of a trust file`, {
      facts,
      cause: error,
    });
  }
}
