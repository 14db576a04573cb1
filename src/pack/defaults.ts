/** What images are padded to a multiple of, unless somebody says otherwise, in bytes. */
export const DEFAULT_ALIGNMENT = 4;
/** What they are padded with: flash that was erased. */
export const DEFAULT_PAD_BYTE = 0xff;
