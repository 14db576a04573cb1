/** Names that Windows keeps for devices, whatever extension follows. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/** Whether images of a package may be called so: `[a-z0-9][a-z0-9_-]{0,62}`, and not as a device of Windows. */
export function isImageName(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text) && !DEVICE_NAME.test(text);
}
