import { errorCodes } from './kind.ts';

/** Firmware images and recipes as input. Inside a package the verdict decides, not these exit codes. */
export const imageErrors = errorCodes({
  'image.empty': {
    exit: 2,
    retryable: false,
    title: 'the image is empty',
    cure: 'Check that the build wrote the file, and that the right one was given.',
  },
  'image.gbl-header': {
    exit: 2,
    retryable: false,
    title: 'the file does not begin as a GBL v3 file does',
    cure: 'Check that it is the GBL file that your build wrote, and that it was transferred as binary.',
  },
  'image.gbl-truncated': {
    exit: 2,
    retryable: false,
    title: 'the GBL file ends before its end tag',
    cure: 'Build or fetch the file again; part of it is missing.',
  },
  'image.gbl-unknown-tag': {
    exit: 2,
    retryable: false,
    title: 'the GBL file holds a tag that bootloaders refuse',
    cure: 'Build the file again with a current GBL tool; if it is not new, it is damaged.',
  },
  'image.gbl-tag-order': {
    exit: 2,
    retryable: false,
    title: 'the tags of the GBL file stand in an order that bootloaders refuse',
    cure: 'Build the file again with a current GBL tool.',
  },
  'image.gbl-tag-repeated': {
    exit: 2,
    retryable: false,
    title: 'the GBL file repeats a tag that may stand once',
    cure: 'Build the file again; do not join GBL files, pack each as an image of its own.',
  },
  'image.gbl-tag-length': {
    exit: 2,
    retryable: false,
    title: 'a tag of the GBL file has a length that it can not have',
    cure: 'Build or fetch the file again; it is damaged.',
  },
  'image.gbl-type': {
    exit: 2,
    retryable: false,
    title: 'the GBL header and the tags disagree about encryption or signature',
    cure: 'Sign and encrypt the file with one tool, in one go.',
  },
  'image.gbl-address': {
    exit: 2,
    retryable: false,
    title: 'a program tag of the GBL file reaches past the end of the address space',
    cure: 'Check the addresses in the linker script, and build the file again.',
  },
  'image.gbl-version-dependency': {
    exit: 2,
    retryable: false,
    title: 'a version dependency of the GBL file has no meaning',
    cure: 'Check the dependencies given to the GBL tool, and build the file again.',
  },
  'image.gbl-crc': {
    exit: 2,
    retryable: false,
    title: 'the CRC of the GBL file is wrong',
    cure: 'Build or fetch the file again; a byte of it has changed.',
  },
  'image.gbl-tail': {
    exit: 2,
    retryable: false,
    title: 'the GBL file goes on after its end tag',
    cure: 'Only padding of 0xff may follow the end tag. Do not join GBL files: pack each as an image of its own.',
  },
  'image.gbl-too-many-tags': {
    exit: 2,
    retryable: false,
    title: 'the GBL file holds more tags than any real one',
    cure: 'Check that it is the right file.',
  },
  'image.unsupported-format': {
    exit: 2,
    retryable: false,
    title: 'the file is in a format that is not packed',
    cure: 'Convert it to a raw binary (objcopy -O binary) or to GBL v3.',
  },
  'recipe.invalid': {
    exit: 2,
    retryable: false,
    title: 'a field of the recipe has no usable value',
    cure: 'Correct the field; schemas/recipe-v1.schema.json says what each may hold.',
  },
  'recipe.unknown-field': {
    exit: 2,
    retryable: false,
    title: 'the recipe has a field that there is not',
    cure: 'Correct the spelling or remove the field.',
  },
  'recipe.version-not-quoted': {
    exit: 2,
    retryable: false,
    title: 'a version in the recipe is a number',
    cure: 'Put the version in quotes: YAML reads 1.10 as the number 1.1.',
  },
  'recipe.image-path': {
    exit: 2,
    retryable: false,
    title: 'an image of the recipe does not lie below its folder',
    cure: "Give a path relative to the recipe's folder, with forward slashes and without '..'.",
  },
  'recipe.incomplete': {
    exit: 2,
    retryable: false,
    title: 'something that a package needs was not said',
    cure: 'Say it in the recipe or by its option.',
  },
});
