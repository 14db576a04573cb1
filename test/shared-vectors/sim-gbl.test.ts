import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import { findPart } from '../../src/images/parts.ts';
import { BAD, Bench, OK, programTags } from '../sim/support.ts';

const FOLDER = new URL('../../../shared/vectors/gbl/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));

/** Home Assistant SkyConnect: EFR32MG21, 512 KiB. */
const PART = findPart('efr32mg21f512');
const APPLICATIONS = ['skyconnect_rcp_4.1.3.gbl', 'skyconnect_zigbee_ncp_7.4.4.0.gbl'];

async function onPart(options: { bootloaderVersion?: number } = {}): Promise<Bench> {
  if (PART === undefined) throw new Error('the part is not known');
  return Bench.inBootloader({ part: PART, ...options });
}

describe.each(APPLICATIONS)('%s on a virtual device', (name) => {
  const file = read(name);
  const tags = programTags(file);

  test.each([48, 128, 252])(
    'in pieces of %i bytes leaves every program tag in flash, and starts',
    async (bytes) => {
      const bench = await onPart();
      expect(new Set(await bench.upload(file, bytes))).toEqual(new Set([OK.upload]));
      expect(await bench.finish()).toBe(OK.finish);

      expect(tags.length).toBeGreaterThan(0);
      for (const { address, data } of tags) {
        expect(equalBytes(bench.device.flash.read(address, data.length), data), `tag at ${address}`).toBe(
          true,
        );
      }
      expect(bench.device.flash.violations).toEqual([]);
      expect(bench.device.runs().refusal).toBeUndefined();
    },
  );

  test('with a bit of its data turned is refused at the end, and leaves no application', async () => {
    const bad = file.slice();
    const middle = bad.length >> 1;
    bad[middle] = (bad[middle] ?? 0) ^ 1;
    const bench = await onPart();
    const answers = await bench.upload(bad, 252);
    expect(answers.pop()).toBe(BAD.upload);
    expect(new Set(answers)).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(BAD.finish);
    expect(bench.device.runs().refusal).toBe('no-image');
  });
});

test.each([
  ['2.0.0', 0x02000000, 0x02010001],
  ['2.4.1', 0x02040001, 0x02040001],
])('a real bootloader of version 2.1.1 replaces %s only when that is older', async (_, running, after) => {
  const bench = await onPart({ bootloaderVersion: running });
  const file = read('skyconnect_bootloader_2.1.1.gbl');
  expect(new Set(await bench.upload(file, 252))).toEqual(new Set([OK.upload]));
  expect(await bench.finish()).toBe(OK.finish);
  expect(bench.device.state.bootloaderVersion).toBe(after);
});

test('an EBL is refused with its first bytes, before anything is erased', async () => {
  const bench = await onPart();
  expect((await bench.upload(read('ncp-uart-sw-6.4.1.ebl').slice(0, 4800), 48))[0]).toBe(BAD.upload);
  expect(bench.device.flash.operations).toBe(0);
});
