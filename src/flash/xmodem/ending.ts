import { DfuError } from '../../core/errors.ts';

type Scope = 'block' | 'file';

/** Of the line: what was sent is not what came. */
const LINE: ReadonlyMap<number, string> = new Map([
  [0x21, 'a byte came where a block should begin'],
  [0x22, 'the number of a block and its complement do not match'],
  [0x23, 'the CRC of a block is wrong (low byte)'],
  [0x24, 'the CRC of a block is wrong (high byte)'],
  [0x25, 'a block came out of sequence'],
  [0x27, 'a block came twice'],
]);
/** Of the image. */
const IMAGE: ReadonlyMap<number, string> = new Map([
  [0x41, 'its format or a version it depends on does not suit the device'],
  [0x43, 'its checksum (CRC-32) is wrong'],
  [0x44, 'it has a tag that this bootloader does not know, such as a compressed image'],
  [0x45, 'its signature is not valid'],
  [0x4f, 'it is not signed or encrypted as the device demands, or holds data where none is allowed'],
  [0x50, 'it is encrypted with a key that the device has not'],
]);

/** The bootloader's ending code in words. Source: Silicon Labs `btl_comm_xmodem.c`, `btl_errorcode.h`. */
export function describeEnding(scope: Scope, code: number): string {
  const hex = `${scope} error 0x${code.toString(16).padStart(2, '0')}`;
  if (code === 0x18) {
    const why =
      scope === 'block'
        ? 'the upload was cancelled, or ended before the image was complete'
        : 'rejected for a reason without a code of its own, such as tags out of order';
    return `${hex}: ${why}`;
  }
  return `${hex}: ${LINE.get(code) ?? IMAGE.get(code) ?? 'meaning not known'}`;
}

/**
 * The upload that the bootloader ended, as an error: `link.damaged` where the line is to blame, else
 * `device.image-refused`. Without a code where the bootloader gave none, or it was lost. `offset` is that of the
 * first byte that was not taken.
 */
export function endingError(
  where: string,
  offset: number,
  ending: { scope: Scope; code: number } | undefined,
): DfuError {
  if (ending === undefined) {
    return new DfuError('device.image-refused', `the device ended the upload ${where} and gave no reason`, {
      facts: { offset },
    });
  }
  const { scope, code } = ending;
  const line = LINE.has(code);
  return new DfuError(
    line ? 'link.damaged' : 'device.image-refused',
    `the device ${line ? 'lost' : 'refused'} ${where}: ${describeEnding(scope, code)}`,
    { facts: { scope, status: code, offset } },
  );
}
