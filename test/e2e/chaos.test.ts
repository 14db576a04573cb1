import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CHAOS = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url));

// Windows has no pseudo-terminals.
const testThere = process.platform === 'win32' ? () => {} : test;

testThere(
  'faults at random over real pseudo-terminals: no hang, nothing false is said, and a clean run mends it',
  async () => {
    const args = [
      CHAOS,
      '--runs',
      '8',
      '--seed',
      '21',
      '--jobs',
      '8',
      '--program-every',
      '9',
      '--speed',
      '12',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
    }
    const exit = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(exit, text).toBe(0);
    expect(text).toContain('Broken promises: none. Unhandled rejections: 0. Leaked handles: none.');
  },
  60_000,
);
