/**
 * Which bootloader stands in front of the application, as far as it moves the application's start:
 * `main` the vendor's default, whatever its kind; `main-flash` one built into main flash on a part that keeps a
 * separate area for it; `trustzone` a communication bootloader with TrustZone; `apploader` and
 * `apploader-trustzone` the ones that bring Bluetooth OTA along.
 */
export type BootloaderKind = 'main' | 'main-flash' | 'trustzone' | 'apploader' | 'apploader-trustzone';

/** Where things lie in flash with one bootloader. Addresses are absolute. */
export interface Layout {
  readonly bootloader: BootloaderKind;
  /** First byte of the application, its vector table. */
  readonly applicationStart: number;
  readonly bootloaderStart: number;
  readonly bootloaderBytes: number;
}

/** A microcontroller or module. Only the images room and those who plan addresses read this; verdicts never depend on it. */
export interface Part {
  /** The family's name, lower case: `efr32bg22`. */
  readonly family: string;
  /** As asked for, lower case: `efr32bg22f352`, `efr32bg22c224f512im40-c`. */
  readonly name: string;
  readonly core: 'cortex-m' | '8051';
  /** What its bootloaders take. */
  readonly imageFormat: 'gbl' | 'raw';
  readonly flashBase: number;
  /** Main flash; the family's largest where the name does not tell the size. */
  readonly flashBytes: number;
  /** Whether `name` told the size. */
  readonly flashBytesKnown: boolean;
  /** The unit of erasing. */
  readonly pageBytes: number;
  /** Bytes at the end of flash that no update may change. */
  readonly reservedAtEndBytes: number;
  readonly ramBase: number;
  /** The default first. */
  readonly layouts: readonly [Layout, ...Layout[]];
}

const KIB = 1024;
const RAM_BASE = 0x20000000;

interface Family {
  readonly names: readonly string[];
  readonly flashBase: number;
  /** Ascending. */
  readonly flashKib: readonly [number, ...number[]];
  readonly pageBytes: number;
  readonly layouts: readonly [Layout, ...Layout[]];
  /** Bluegiga's first generation, 8051 with raw images; absent: Geckos. */
  readonly ble1xx?: true;
}

function layout(
  bootloader: BootloaderKind,
  applicationStart: number,
  bootloaderStart: number,
  bootloaderBytes: number,
): Layout {
  return { bootloader, applicationStart, bootloaderStart, bootloaderBytes };
}

/** Series 2: the bootloader lies at the base of flash; with AppLoader it grows to 72 KiB, split for TrustZone 80 KiB. */
function series2(
  names: readonly string[],
  flashBase: number,
  flashKib: Family['flashKib'],
  bootloaderKib: number,
): Family {
  const at = (kind: BootloaderKind, kib: number) => layout(kind, flashBase + kib * KIB, flashBase, kib * KIB);
  return {
    names,
    flashBase,
    flashKib,
    pageBytes: 8192,
    layouts: [at('main', bootloaderKib), at('apploader', 72), at('apploader-trustzone', 80)],
  };
}

const XG21 = series2(['efr32bg21', 'efr32mg21'], 0, [512, 768, 1024], 16);

/**
 * From the vendor's device headers (zephyrproject-rtos/hal_silabs) and bootloader interface (`btl_interface.h`,
 * gecko_sdk). Families whose facts could not be confirmed there are left out.
 */
const FAMILIES: readonly Family[] = [
  {
    names: ['efr32bg1', 'efr32fg1', 'efr32mg1'],
    flashBase: 0,
    flashKib: [256],
    pageBytes: 2048,
    layouts: [layout('main', 0x4000, 0, 16 * KIB)],
  },
  {
    names: ['efr32bg12', 'efr32fg12', 'efr32mg12'],
    flashBase: 0,
    flashKib: [512, 1024],
    pageBytes: 2048,
    layouts: [layout('main', 0, 0x0fe10000, 38 * KIB)],
  },
  {
    names: ['efr32bg13', 'efr32fg13', 'efr32mg13', 'bgm13'],
    flashBase: 0,
    flashKib: [512],
    pageBytes: 2048,
    layouts: [layout('main', 0, 0x0fe10000, 16 * KIB), layout('main-flash', 0x4800, 0, 0x4800)],
  },
  { ...XG21, layouts: [...XG21.layouts, layout('trustzone', 0x6000, 0, 24 * KIB)] },
  series2(['efr32bg22', 'efr32fg22', 'efr32mg22', 'bgm220'], 0, [352, 512], 24),
  series2(['efr32fg23', 'efr32zg23'], 0x08000000, [512], 24),
  series2(['efr32bg24', 'efr32mg24', 'bgm24'], 0x08000000, [768, 1024, 1536], 24),
  series2(['efr32bg26', 'efr32mg26'], 0x08000000, [1024, 2048, 3200], 24),
  series2(['efr32bg27', 'efr32mg27'], 0x08000000, [768], 24),
  series2(['efr32fg28', 'efr32zg28'], 0x08000000, [1024], 24),
  series2(['efr32bg29', 'efr32mg29'], 0x08000000, [1024], 24),
  // Sizes and pages are those of the CC2540 and CC2541 in them; application start and reserved page from BGLib's DFU text.
  {
    names: ['ble112', 'ble113', 'ble121lr'],
    flashBase: 0,
    flashKib: [128, 256],
    pageBytes: 2048,
    layouts: [layout('main', 0x1000, 0, 4 * KIB)],
    ble1xx: true,
  },
];

/** Names of all families, sorted; each is a name that `findPart` knows. */
export const PART_FAMILIES: readonly string[] = FAMILIES.flatMap(({ names }) => names).sort();

/**
 * Knows a part by family name (`efr32bg22`), with its flash size (`efr32bg22f352`) or by ordering code
 * (`EFR32BG22C224F512IM40-C`, `BGM220PC22HNA`), in any case; `undefined` for a part it has no confirmed facts of.
 */
export function findPart(text: string): Part | undefined {
  const name = text.toLowerCase();
  const family = FAMILY_NAMES.find((candidate) => isOfFamily(name, candidate));
  const facts = FAMILIES.find(({ names }) => family !== undefined && names.includes(family));
  if (family === undefined || facts === undefined) return undefined;
  const rest = name.slice(family.length);
  const size = flashKibOf(family, rest, facts);
  if (size === 'unknown-code') return undefined;
  return {
    family,
    name,
    core: facts.ble1xx ? '8051' : 'cortex-m',
    imageFormat: facts.ble1xx ? 'raw' : 'gbl',
    flashBase: facts.flashBase,
    flashBytes: (size ?? largest(facts)) * KIB,
    flashBytesKnown: size !== undefined,
    pageBytes: facts.pageBytes,
    reservedAtEndBytes: facts.ble1xx ? facts.pageBytes : 0,
    ramBase: facts.ble1xx ? 0 : RAM_BASE,
    layouts: facts.layouts,
  };
}

/** The longest first: no family hides another whose name goes on. */
const FAMILY_NAMES = [...PART_FAMILIES].sort((a, b) => b.length - a.length);
const MAX_PART_NAME_CHARS = 48;

/** A chip's family ends where its digits end: efr32bg12 is none of efr32bg1. A module's code may go on with one: BGM240PA22VNA. */
function isOfFamily(name: string, family: string): boolean {
  if (!name.startsWith(family) || name.length > MAX_PART_NAME_CHARS) return false;
  return !family.startsWith('efr32') || !/^[0-9]/.test(name.slice(family.length));
}

function largest(facts: Family): number {
  return Math.max(...facts.flashKib);
}

/** KiB of flash that the rest of a part's name tells; `undefined` where it tells none, `unknown-code` for no part's name. */
function flashKibOf(family: string, rest: string, facts: Family): number | undefined | 'unknown-code' {
  if (rest === '') return facts.flashKib.length === 1 ? facts.flashKib[0] : undefined;
  if (family === 'bgm220') {
    const module = /^[ps]c[0-9]{2}(hna|wga)[0-9a-z-]*$/.exec(rest);
    if (module) return module[1] === 'hna' ? 512 : 352;
    if (/^[ps]$/.test(rest)) return undefined;
  }
  // The size that a name tells may be one the table does not list: smaller ones are sold, larger ones are typing errors.
  const code = ORDERING_CODE.exec(rest);
  if (!code) return MODULE_CODE.test(rest) ? undefined : 'unknown-code';
  if (code[1] === undefined) return undefined;
  const kib = Number.parseInt(code[1], 10);
  const whole = (kib * KIB) % facts.pageBytes === 0;
  return whole && kib <= largest(facts) && kib >= 128 ? kib : 'unknown-code';
}

/** After the family: feature code, `F` and KiB of flash, temperature, package, revision; each may be missing from the end. */
const ORDERING_CODE = /^(?:[a-eg-z][0-9]{2,3})?(?:f([0-9]{3,4})(?:[a-z]{2}[0-9a-z]*)?(?:-[0-9a-z]+)?)?$/;
/** Modules whose code does not tell the flash: BGM240PA22VNA. */
const MODULE_CODE = /^[0-9][a-z]{2}[0-9]{2}[a-z]{3}[0-9a-z-]*$/;
