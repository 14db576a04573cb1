// Writes templates/*.yaml, a recipe for each part and bootloader of src/images/parts.ts. Run it after a change there.
import { writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const { outputFiles } = await build({
  entryPoints: [new URL('src/images/parts.ts', root).pathname],
  bundle: true,
  write: false,
  format: 'esm',
});
const { findPart, PART_FAMILIES } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

const hex = (value) => `0x${value.toString(16).padStart(8, '0')}`;
const KINDS = {
  main: 'Gecko bootloader of the default size, whatever it receives by',
  'main-flash': 'Gecko bootloader built into main flash, not into the area of its own',
  trustzone: 'Gecko bootloader with TrustZone that receives by itself, not into storage',
  apploader: 'Gecko bootloader with AppLoader (Bluetooth OTA)',
  'apploader-trustzone': 'Gecko bootloader with AppLoader (Bluetooth OTA), split for TrustZone',
};

/** What is said of a family's bootloader, of what to pack, and of what its image is. */
function notes(part, layout) {
  if (part.imageFormat === 'gbl') {
    return {
      title: KINDS[layout.bootloader],
      facts: '',
      file: 'a raw binary or a GBL v3 file',
      format: `    # auto: GBL, which is what the bootloaders of this part take. A raw binary is wrapped, without a signature: where
    # secure boot is on, give the GBL that your signing tool made.`,
      start: 'Where the linker script puts the application.',
      deviceVersion: 'What the device reports once this runs.',
    };
  }
  const end = part.flashBase + part.flashBytes - part.reservedAtEndBytes;
  return {
    title:
      'Bluegiga with the UART bootloader (BGAPI). Experimental: written from documents, see docs/ble1xx.md',
    facts: `# Updates may write up to ${hex(end - 1)}; the last page holds hardware settings.
# Not known for sure: sizes of flash and page (taken from the CC2540 and CC2541), whether the bootloader wants packet mode,
# what it checks at the end, and whether it starts half an image.
`,
    file: 'a raw binary of what lies from the start address on',
    format: `    # auto: raw, which is what this bootloader takes. Of the .hex file that bgbuild makes, cut out what may be written:
    # objcopy -I ihex -O binary app.hex flat.bin, then the bytes of flat.bin from ${hex(layout.applicationStart)} up to ${hex(end - 1)}.`,
    start: 'Where updates begin; below lies the bootloader.',
    deviceVersion: 'What the device reports once this runs: the version of the stack in it.',
  };
}

function template(part, layout) {
  const { title, facts, file, format, start, deviceVersion } = notes(part, layout);
  const sizes = part.flashBytesKnown ? '' : 'at most ';
  const orderingCode = part.imageFormat === 'gbl' ? ' or as an ordering code,' : ', 128 or 256,';
  const hint = part.flashBytesKnown
    ? ''
    : `  # With the flash size (such as ${part.family}f${part.flashBytes / 1024})${orderingCode} the image's end is checked against it.\n`;
  return `# ${part.family.toUpperCase()}: ${title}.
# Bootloader: ${layout.bootloaderBytes / 1024} KiB at ${hex(layout.bootloaderStart)}. Application: from ${hex(layout.applicationStart)} on.
# Flash: ${sizes}${part.flashBytes / 1024} KiB at ${hex(part.flashBase)}, in pages of ${part.pageBytes / 1024} KiB.
${facts}formatVersion: 1

# What this firmware is called; the product's name where nothing is said.
#name: thermostat-firmware
# Its version, SemVer 2.0.0, in quotes; a pipeline gives it as --fw-version.
#version: "1.0.0"
# Raise it when no older release may ever be installed again.
securityCounter: 0

target:
  # The one identity that rules of trust are written for, and that the device at hand is compared with.
  #product: thermostat
  #vendor: Example Ltd
${hint}  part: ${part.family}
  # Hardware revisions; without them the package is for all.
  #hardware: ["A1", "A2"]

# What must run on the device already.
#requires:
#  bootloader: { min: "1.10" }

# From then on the package is refused.
#notAfter: "2030-12-31T23:59:59Z"

images:
  - name: application
    role: application
    # Below the folder of this recipe; ${file}.
    #file: build/application.bin
${format}
    format: auto
    # ${start}
    startAddress: ${hex(layout.applicationStart)}
    alignment: 4
    padByte: 0xff
    # ${deviceVersion}
    #deviceVersion: 0x00010000

#provenance:
#  sourceRepository: https://example.com/thermostat
#  sourceRevision: 0123456789abcdef0123456789abcdef01234567

# Signed and shown, never decided upon.
#annotations:
#  example.com/build: "1234"
`;
}

for (const family of PART_FAMILIES) {
  const part = findPart(family);
  for (const layout of part.layouts) {
    const name = layout.bootloader === 'main' ? family : `${family}-${layout.bootloader}`;
    await writeFile(new URL(`templates/${name}.yaml`, root), template(part, layout));
  }
}
