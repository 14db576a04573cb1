// XMODEM against the physical limit: an upload to the virtual device over a paced UART, in virtual time.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodePublicKeyPem,
  findProtocol,
  flashPackage,
  VirtualClock,
  verifyPackage,
} from '../dist/lib/index.js';
import { createGeckoDevice, memoryPort } from '../dist/lib/sim/index.js';
import { firmware, program, verdict } from './measure.mjs';

const IMAGE_BYTES = 64 * 1024;
const BAR = 0.97;
const BITS_A_BYTE = 10;
/** A block of 128 bytes is a packet of 133, and its answer is one byte; nothing overlaps. */
const WIRE_BYTES = 133 + 1;
/** Baud rate, and what the adapter adds to a packet and its answer together. */
const LINES = [
  [115_200, 0],
  [115_200, 1],
  [115_200, 16],
  [460_800, 1],
  [921_600, 1],
];

/** Lines for the results. `folder` is where files may be put. */
export async function xmodemSpeed(folder) {
  const verified = await pack(folder);
  const rows = [];
  for (const [baudRate, turnMs] of LINES) rows.push(await measure(verified, baudRate, turnMs));
  return rows;
}

async function measure(verified, baudRate, turnMs) {
  const clock = new VirtualClock();
  // A device that takes no time: what is measured is the host and the line.
  const device = createGeckoDevice({ clock, bootloader: 'xmodem', latencyMs: 0, pageEraseMs: 0 });
  const port = memoryPort(device, { clock, baudRate, latencyMs: turnMs / 2 });
  const { signal } = new AbortController();
  const taken = [];
  const report = await flashPackage(
    verified,
    port,
    findProtocol('xmodem'),
    { entry: 'auto', confirm: 'none', retries: 0, operator: {} },
    {
      clock,
      stop: signal,
      signal,
      emit: ({ doneBytes }) => doneBytes !== undefined && taken.push(clock.now()),
    },
  );
  if (report.result !== 'flashed') throw new Error(report.error.message);
  // From the end of the first block to the end of the last.
  const perBlockMs = (taken.at(-1) - taken[0]) / (taken.length - 1);
  const limitMs = (WIRE_BYTES * BITS_A_BYTE * 1000) / baudRate + turnMs;
  const share = limitMs / perBlockMs;
  const sum = `${WIRE_BYTES} x ${BITS_A_BYTE} / ${baudRate} s + ${turnMs} ms = ${limitMs.toFixed(3)} ms a block`;
  const rate = ((128 / perBlockMs) * 1000) / 1024;
  return verdict(
    `XMODEM, ${baudRate} baud, turn-round ${turnMs} ms, against 128-byte stop-and-wait (${sum})`,
    `${share.toFixed(3)} (${perBlockMs.toFixed(3)} ms, ${rate.toFixed(1)} KiB/s)`,
    `>= ${BAR}`,
    share >= BAR,
  );
}

async function pack(folder) {
  const at = (name) => join(folder, `xmodem${name}`);
  writeFileSync(at('.bin'), firmware(IMAGE_BYTES, 0x6000));
  execFileSync(process.execPath, [program('dfu-pack'), 'keygen', '-o', at('')]);
  execFileSync(process.execPath, [
    ...[program('dfu-pack'), at('.bin'), '--name', 'xmodem', '--fw-version', '1.0.0', '--product', 'bench'],
    ...['--image-format', 'gbl', '--start-address', '0x6000', '--key', at('.key.pem'), '-o', at('.dfupkg')],
  ]);
  const key = await decodePublicKeyPem(readFileSync(at('.pub.pem'), 'utf8'));
  const trust = { kind: 'keys', keys: [key] };
  const { report, verified } = await verifyPackage(new Uint8Array(readFileSync(at('.dfupkg'))), trust, {
    at: Date.now(),
  });
  if (verified === undefined) throw new Error(report.verdict);
  return verified;
}
