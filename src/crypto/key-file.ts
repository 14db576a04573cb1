/** No key file is larger, public or private; in bytes. */
export const MAX_KEY_FILE_BYTES = 16 * 1024;
