import type { Bytes } from '../../core/bytes.ts';
import type { VerifiedImage } from '../../verify/verified-package.ts';
import type { Protocol } from '../protocol.ts';
import type { DeviceType, Frame } from './wire.ts';

/** What an application tells when it starts. */
export interface ApplicationStart {
  major: number;
  minor: number;
  patch: number;
  build: number;
  hardware: number;
  /** Version of the bootloader under it, where it tells that. */
  bootloader?: number;
}

/**
 * What differs between the generations of devices that speak BGAPI: numbers of messages, what an image is, and what a
 * bootloader can be trusted with. The order of things is the driver's, and the same for all.
 */
export interface Dialect extends Pick<Protocol, 'name' | 'chunkBytes' | 'tells' | 'plan'> {
  readonly deviceType: DeviceType;
  /** Class of the bootloader's messages; their ids are the same in all dialects. */
  readonly dfuClass: number;
  readonly systemClass: number;
  /** How a command goes over the wire; absent: as it is. */
  readonly wrap?: (command: Bytes) => Bytes;
  /** Why an update may not go as hoped for; told to the operator. */
  readonly experimental?: string;
  /** What the operator is asked to do for `--entry manual`. */
  readonly byHand: string;
  /**
   * Whether set_address alone starts an update anew, whatever was before. Otherwise only a restart does that, and the
   * bootloader is not ready before it told its start.
   */
  readonly startsByAddress: boolean;
  /**
   * Whether the bootloader judges the image: it tells a damaged one at the end, and starts none that is not whole. One
   * that does not takes what it hears for good, so an answer too many means that something was written twice.
   */
  readonly judgesImages: boolean;

  readonly commands: {
    /** Asked one after the other until something answers; none of them changes anything. */
    readonly probes: readonly Bytes[];
    setAddress(image: VerifiedImage): Bytes;
    upload(data: Bytes): Bytes;
    readonly finish: Bytes;
    /** Has an application restart into the bootloader; those that a kind of application does not know do nothing. */
    readonly enter: readonly Bytes[];
    readonly restartBootloader: Bytes;
    readonly restartApplication: Bytes;
    /** Has the bootloader start the application. */
    readonly startApplication: Bytes;
  };
  /** Length of the next request's data. */
  pieceBytes(restBytes: number, chunkBytes: number): number;

  /** The version in a bootloader's boot event; `undefined` for any other frame. */
  bootloaderStart(frame: Frame): number | undefined;
  /** That version for people. */
  bootloaderVersion(version: number): string;
  /** Whether a bootloader tells that it has no application to start. */
  isBootFailure(frame: Frame): boolean;
  /** What an application's boot event tells; `undefined` for any other frame. */
  applicationStart(frame: Frame): ApplicationStart | undefined;
}

/** An application's version, as it tells it. */
export const versionOf = ({ major, minor, patch }: ApplicationStart): string => `${major}.${minor}.${patch}`;

/** Whether bootloader or application tell that they started, or could not. */
export function tellsStart(dialect: Dialect, frame: Frame): boolean {
  return (
    dialect.bootloaderStart(frame) !== undefined ||
    dialect.isBootFailure(frame) ||
    dialect.applicationStart(frame) !== undefined
  );
}
