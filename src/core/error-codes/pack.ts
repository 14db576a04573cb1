import { errorCodes } from './kind.ts';

/** What stands in the way of making or sealing a package. */
export const packErrors = errorCodes({
  'recipe.yaml': {
    exit: 2,
    retryable: false,
    title: 'a recipe is no YAML as it is allowed here',
    cure: 'Correct the line. YAML 1.2 with plain values only: no anchors, aliases, tags, merge keys or directives.',
  },
  'recipe.template-unknown': {
    exit: 2,
    retryable: false,
    title: 'there is no such template',
    cure: 'See dfu-pack templates.',
  },
  'pack.start-address-missing': {
    exit: 2,
    retryable: false,
    title: 'nobody said where a raw image goes',
    cure: 'Give --start-address, or --part for the address its bootloader expects, or startAddress in the recipe.',
  },
  'pack.start-address-misaligned': {
    exit: 2,
    retryable: false,
    title: 'the start address does not fit the alignment',
    cure: 'Give the address of the first byte, as the linker script has it.',
  },
  'pack.start-address-contradicts': {
    exit: 2,
    retryable: false,
    title: 'the start address is not the one in the GBL file',
    cure: 'A GBL file says itself where it goes: leave the start address away, or take the template of its bootloader.',
  },
  'pack.part-unknown': {
    exit: 2,
    retryable: false,
    title: 'the part is not known',
    cure: 'Check its name; dfu-pack templates lists the families. For another part leave it away and give start address and format.',
  },
  'pack.outside-part': {
    exit: 2,
    retryable: false,
    title: "an image reaches outside the part's flash",
    cure: 'Check part and start address. An image far too large often has a gap between sections: leave data outside flash out with objcopy --only-section or --remove-section.',
  },
  'pack.reset-vector': {
    exit: 2,
    retryable: false,
    title: 'the reset vector points outside the image',
    cure: 'Give the start address that the linker script has, and check that the file begins with the vector table.',
  },
  'pack.overlap': {
    exit: 2,
    retryable: false,
    title: 'two images overlap in flash',
    cure: 'Check the start addresses and sizes of both.',
  },
  'pack.image-name': {
    exit: 2,
    retryable: false,
    title: 'two images have one name',
    cure: 'Give each image a name of its own in the recipe.',
  },
  'pack.image-too-large': {
    exit: 2,
    retryable: false,
    title: 'an image is larger than a package may hold',
    cure: 'See the limits in docs/package-format.md; check that it is the right file.',
  },
  'pack.raw-from-gbl': {
    exit: 2,
    retryable: false,
    title: 'a raw image was asked for, and the file is a GBL',
    cure: 'Use --image-format auto or gbl, or give the raw binary that the GBL was made from.',
  },
  'pack.role-not-wrapped': {
    exit: 2,
    retryable: false,
    title: 'an image of this role can not be wrapped into GBL here',
    cure: "Give the GBL file that the chip vendor's tool made for it.",
  },
  'pack.gbl-role': {
    exit: 2,
    retryable: false,
    title: 'a GBL file holds more than its role permits',
    cure: 'Say what it is: --role bootloader, apploader or se.',
  },
  'pack.pad-byte': {
    exit: 2,
    retryable: false,
    title: 'a GBL is padded with 0xff and nothing else',
    cure: 'Leave the padding byte away, or pack the image as raw.',
  },
  'pack.version-invalid': {
    exit: 2,
    retryable: false,
    title: 'the firmware version is no SemVer 2.0.0',
    cure: 'Write it as MAJOR.MINOR.PATCH, perhaps with -PRERELEASE and +BUILD: 1.2.3-rc.1.',
  },
  'pack.version-too-large': {
    exit: 2,
    retryable: false,
    title: 'the firmware version does not fit the 32 bits of a GBL application tag',
    cure: 'Give the number that the device shall report with --device-version.',
  },
  'pack.value-invalid': {
    exit: 2,
    retryable: false,
    title: 'the manifest can not hold a value',
    cure: 'Correct the value; docs/package-format.md, section 3, says what each field may hold.',
  },
  'pack.already-signed': {
    exit: 2,
    retryable: false,
    title: 'the package has a signature of this key',
    cure: 'Nothing is left to do with this key. Use another, or leave the package as it is.',
  },
  'pack.too-many-signatures': {
    exit: 2,
    retryable: false,
    title: 'a package holds no more signatures than it has',
    cure: 'Sign with fewer keys.',
  },
  'pack.signature-form': {
    exit: 2,
    retryable: false,
    title: 'the file holds no Ed25519 signature',
    cure: 'Give 64 bytes raw, 128 digits of hex, or base64: what openssl pkeyutl -sign -rawin writes over the tbs bytes.',
  },
  'pack.signature-invalid': {
    exit: 2,
    retryable: false,
    title: 'the signature is not one of this key over this package',
    cure: 'Sign the bytes that dfu-pack tbs writes for this very package, as they are (openssl pkeyutl -sign -rawin), and give the public half of that key.',
  },
  'pack.self-check': {
    exit: 1,
    retryable: false,
    title: 'the package that was made does not verify',
    cure: 'Nothing was written. Please report it with the inputs and the message.',
  },
});
