import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceJob, DeviceTarget } from '../../src/cli/flash/one-device.ts';
import type { Clock } from '../../src/core/clock.ts';
import { decodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import { createGeckoDevice, type MemoryPort, memoryPort } from '../../src/sim/index.ts';
import { RejudgedPackage } from '../../src/verify/rejudge.ts';

/** The job of sending new.dfupkg of a bench's folder. */
export async function jobOf(folder: string, now: () => Date = () => new Date()): Promise<DeviceJob> {
  const key = await decodePublicKeyPem(await readFile(join(folder, 'k.pub.pem'), 'utf8'));
  const bytes = new Uint8Array(await readFile(join(folder, 'new.dfupkg')));
  return {
    pkg: new RejudgedPackage(bytes, { kind: 'keys', keys: [key] }, {}),
    now,
    protocol: bgapi,
    flashOptions: { entry: 'auto', confirm: 'auto', retries: 1, operator: {} },
  };
}

/** A blank virtual device at the end of a cable of 115200 baud. */
export function target(clock: Clock, label: string): DeviceTarget & { port: MemoryPort } {
  const device = createGeckoDevice({ clock });
  return { label, clock, port: memoryPort(device, { clock, baudRate: 115_200, name: label }) };
}
