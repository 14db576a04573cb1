/** What does not stop the packing, and must not go unseen. Messages are printable; codes are for machines. */
export interface PackWarning {
  code: WarningCode;
  message: string;
  /** Name of the image it is about. */
  image?: string;
}

export type WarningCode =
  | 'unsigned'
  | 'wrapped-unsigned'
  | 'start-address'
  | 'no-vector-table'
  | 'bootloader-area'
  | 'gbl-not-readable'
  | 'gbl-preflight'
  | 'source-name'
  | 'expired'
  | 'key-open-to-others'
  | 'passphrase-open-to-others'
  | 'passphrase-unused'
  | 'not-in-trust-role';
