import type { Bytes } from '../../core/bytes.ts';

/** Below that the collector may have its time. */
const LARGE_BYTES = 1024 * 1024;

/**
 * Gives the memory of large byte strings back at once; they are empty afterwards. What is sent to a closed port is taken
 * from its owner and goes nowhere: the collector alone would keep an image around while the next copy is made.
 */
export function release(all: Iterable<Bytes>): void {
  const large = [...all].map(({ buffer }) => buffer).filter(({ byteLength }) => byteLength >= LARGE_BYTES);
  if (large.length === 0) return;
  const { port1 } = new MessageChannel();
  port1.close();
  // A buffer can be sent once: two views of one are one.
  for (const buffer of new Set(large)) port1.postMessage(buffer, [buffer]);
}
