/** A result code of Silicon Labs' stacks and bootloaders, in words. */
export interface Status {
  name: string;
  meaning: string;
}

/**
 * The Gecko bootloader itself answers 0x0000 and 0x0046 only; the others come from applications and from older or
 * other implementations. Sources: Silicon Labs `sl_status.h`; Bluetooth API reference 2.8, error codes (0x01xx, 0x05xx).
 */
const STATUSES: ReadonlyMap<number, readonly [name: string, meaning: string]> = new Map([
  [0x0000, ['OK', 'done']],
  [0x0001, ['FAIL', 'failed']],
  [0x0002, ['INVALID_STATE', 'not possible in this state']],
  [0x0004, ['BUSY', 'busy']],
  [0x0006, ['ABORT', 'aborted']],
  [0x0007, ['TIMEOUT', 'took too long']],
  [0x0008, ['PERMISSION', 'not permitted']],
  [0x000f, ['NOT_SUPPORTED', 'not supported']],
  [0x0021, ['INVALID_PARAMETER', 'a parameter is not valid']],
  [0x0022, ['NULL_POINTER', 'a parameter is missing']],
  [0x002c, ['INVALID_SIGNATURE', 'the signature is not valid']],
  [0x002f, ['IO', 'input or output failed']],
  [0x0030, ['IO_TIMEOUT', 'input or output took too long']],
  [0x0038, ['MESSAGE_TOO_LONG', 'the message is too long']],
  [0x003b, ['FLASH_WRITE_INHIBITED', 'flash can not be written now']],
  [0x003c, ['FLASH_VERIFY_FAILED', 'flash does not hold what was written']],
  [0x003d, ['FLASH_PROGRAM_FAILED', 'flash could not be programmed']],
  [0x003e, ['FLASH_ERASE_FAILED', 'flash could not be erased']],
  [
    0x0046,
    [
      'SECURITY_IMAGE_CHECKSUM_ERROR',
      'the image is damaged, incomplete, not signed as demanded, or not for this device',
    ],
  ],
  [0x0047, ['SECURITY_DECRYPT_ERROR', 'the image could not be decrypted']],
  [0x0048, ['COMMAND_IS_INVALID', 'the command is not known']],
  [0x0049, ['COMMAND_TOO_LONG', 'the command is too long']],
  [0x004a, ['COMMAND_INCOMPLETE', 'the command is incomplete']],
  [0x0180, ['invalid_param', 'a parameter is not valid']],
  [0x0181, ['wrong_state', 'not possible in this state']],
  [0x0182, ['out_of_memory', 'out of memory']],
  [0x0183, ['not_implemented', 'not implemented']],
  [0x0184, ['invalid_command', 'the command is not known']],
  [0x0185, ['timeout', 'took too long']],
  [0x018a, ['command_too_long', 'the command is too long']],
  [0x018c, ['unspecified', 'failed for no stated reason']],
  [0x018d, ['hardware', 'the hardware failed']],
  [0x018e, ['buffers_full', 'buffers are full']],
  [0x0191, ['not_supported', 'not supported']],
  [0x0193, ['crypto', 'a cryptographic operation failed']],
  [0x0194, ['data_corrupted', 'the data is corrupted']],
  [0x0195, ['command_incomplete', 'the command is incomplete']],
]);

/** What a result code means; `undefined` for codes whose meaning is not known for certain. */
export function findStatus(code: number): Status | undefined {
  const found = STATUSES.get(code);
  return found && { name: found[0], meaning: found[1] };
}

/** A result code for people: `0x0046 SECURITY_IMAGE_CHECKSUM_ERROR: the image is damaged, ...`. */
export function describeStatus(code: number): string {
  const status = findStatus(code);
  const hex = `0x${code.toString(16).padStart(4, '0')}`;
  return status === undefined ? `${hex} (meaning not known)` : `${hex} ${status.name}: ${status.meaning}`;
}
