import type { Bytes } from '../../core/bytes.ts';
import type { Presence, Sighting } from '../detect.ts';
import { type DeviceType, type Frame, FrameDecoder } from './wire.ts';

/** Knows a device by the first of its frames that tells what it is, whatever noise is in between. */
export function frameRecogniser(
  sightingOf: (frame: Frame) => Sighting | undefined,
  deviceType?: DeviceType,
): ReturnType<Presence['recogniser']> {
  const decoder = new FrameDecoder(deviceType);
  return {
    push(bytes: Bytes) {
      for (const piece of decoder.push(bytes)) {
        const sighting = 'frame' in piece ? sightingOf(piece.frame) : undefined;
        if (sighting !== undefined) return sighting;
      }
      return undefined;
    },
  };
}
