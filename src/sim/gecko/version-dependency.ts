import { ByteReader, type Bytes } from '../../core/bytes.ts';

/** What runs on the device, as a version dependency sees it. */
export interface RunningVersions {
  application: number;
  bootloader: number;
  se: number;
}

export const VERSION_DEPENDENCY_BYTES = 8;

const SE_VERSION_MASK = 0x00ffffff;
const NEGATE = 1;
const OPERATOR_BITS = 0x0e;
const COMPARE = new Map<number, (running: number, named: number) => boolean>([
  [0, (running, named) => running < named],
  [2, (running, named) => running <= named],
  [4, (running, named) => running === named],
  [6, (running, named) => running >= named],
  [8, (running, named) => running > named],
]);
const OR = 2;

/**
 * The running result of version dependencies, one for each kind of image, all of which must end true.
 * An entry: u8 kind of image (1 application, 2 bootloader, 3 SE), u8 statement, u16 reserved, u32 version.
 * In the statement the low nibble compares and the high nibble joins; bit 0 of each negates.
 */
export class VersionDependencies {
  readonly #results = new Map([
    [1, true],
    [2, true],
    [3, true],
  ]);
  readonly #running: ReadonlyMap<number, number>;

  constructor(running: RunningVersions) {
    this.#running = new Map([
      [1, running.application],
      [2, running.bootloader],
      [3, (running.se & SE_VERSION_MASK) >>> 0],
    ]);
  }

  /** Takes one entry; `false` when it is not one that the device knows. */
  add(entry: Bytes): boolean {
    const reader = new ByteReader(entry);
    const kind = reader.u8(0);
    const statement = reader.u8(1);
    const running = this.#running.get(kind);
    const compare = COMPARE.get(statement & OPERATOR_BITS);
    const before = this.#results.get(kind);
    if (running === undefined || compare === undefined || before === undefined) return false;

    const named = kind === 3 ? (reader.u32(4) & SE_VERSION_MASK) >>> 0 : reader.u32(4);
    const holds = compare(running, named) !== ((statement & NEGATE) !== 0);
    const connective = statement >> 4;
    const joined = (connective & OPERATOR_BITS) === OR ? before || holds : before && holds;
    this.#results.set(kind, joined !== ((connective & NEGATE) !== 0));
    return true;
  }

  get hold(): boolean {
    return [...this.#results.values()].every(Boolean);
  }
}
