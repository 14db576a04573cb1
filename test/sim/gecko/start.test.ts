import { describe, expect, test } from 'vitest';
import { concat, u32le } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';
import { findPart } from '../../../src/images/parts.ts';
import type { BootRefusal } from '../../../src/sim/index.ts';
import {
  application,
  Bench,
  BOOT,
  BOOT_FAILURE,
  bareApplication,
  gblOf,
  hex,
  TINY,
  TINY_START,
} from '../support.ts';

const APP = application({ start: TINY_START, bytes: 1200 });
const RAM_END = 0x20000000 + 512 * 1024;
const FLASH_END = TINY.flashBase + TINY.flashBytes;

/** An application with a CRC behind it, as ApplicationProperties of signature type 2 ask for. */
function withChecksum(good: boolean): Uint8Array {
  const body = application({
    start: TINY_START,
    bytes: 400,
    signatureType: 2,
    signatureLocation: TINY_START + 400,
  });
  return concat([body, u32le(good ? crc32(body) : crc32(body) ^ 1)]);
}

const ecdsa = application({
  start: TINY_START,
  bytes: 400,
  signatureType: 1,
  signatureLocation: TINY_START + 400,
});

describe('after power-on', () => {
  test.each<[string, Uint8Array, BootRefusal | undefined]>([
    ['a whole application starts', APP, undefined],
    ['erased flash', new Uint8Array(), 'no-image'],
    ['no program counter', bareApplication(0x20000000, 0xffffffff), 'no-image'],
    ['a stack at the start of RAM', bareApplication(0x20000000, TINY_START), undefined],
    ['a stack below RAM', bareApplication(0x1ffffffc, TINY_START), 'stack-pointer'],
    ['a stack at the very end of RAM', bareApplication(RAM_END, TINY_START), undefined],
    ['a stack behind RAM', bareApplication(RAM_END + 4, TINY_START), 'stack-pointer'],
    ['a program counter in the bootloader', bareApplication(0x20001000, TINY_START - 1), 'program-counter'],
    ['a program counter at the end of flash', bareApplication(0x20001000, FLASH_END), undefined],
    ['a program counter behind flash', bareApplication(0x20001000, FLASH_END + 1), 'program-counter'],
    ['a right checksum', withChecksum(true), undefined],
    ['a wrong checksum', withChecksum(false), 'checksum'],
    ['a signature that holds', ecdsa, undefined],
  ])('%s', async (_, image, refusal) => {
    const bench = new Bench({ image });
    expect(bench.device.runs().refusal).toBe(refusal);
    await bench.settle();
    expect(bench.device.state.running).toBe(refusal === undefined ? 'application' : 'bootloader');
    if (refusal !== undefined) expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
  });

  test('an application whose signature does not hold is refused', () => {
    expect(new Bench({ image: ecdsa, signatureValid: false }).device.runs().refusal).toBe('signature');
  });

  test('where signatures are required an application without properties is refused', () => {
    const image = bareApplication(0x20001000, TINY_START);
    expect(new Bench({ image, requireSignature: true }).device.runs().refusal).toBe('signature');
    expect(new Bench({ image: ecdsa, requireSignature: true }).device.runs().refusal).toBeUndefined();
  });

  test('nothing is heard before the bootloader has started', async () => {
    const bench = new Bench();
    bench.device.receive(hex('20 04 00 01 00 00 00 00'));
    await bench.settle();
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
  });

  test('the bootloader announces itself once', async () => {
    const bench = new Bench();
    await bench.wait(3_600_000);
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
  });

  test('the version in the boot event is the one it was given', async () => {
    const bench = new Bench({ bootloaderVersion: 0x02030002 });
    await bench.settle();
    expect(bench.take()[1]).toBe('a004000002000302');
  });
});

describe('the bootloader pin', () => {
  test('held at a reset keeps a good application from starting, without a failure event', async () => {
    const bench = new Bench({ image: APP });
    await bench.settle();
    bench.take();
    bench.device.pressReset(true);
    await bench.settle();
    expect(bench.take()).toEqual([BOOT]);
    bench.device.pressReset();
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
  });

  test('held all the time keeps it so at every reset', async () => {
    const bench = new Bench({ image: APP });
    bench.device.assertBootloaderPin(true);
    for (let i = 0; i < 3; i++) {
      bench.device.powerCycle();
      await bench.settle();
      expect(bench.take()).toEqual([BOOT]);
    }
    bench.device.assertBootloaderPin(false);
    bench.device.powerCycle();
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
  });

  test('with no application the failure is told all the same', async () => {
    const bench = new Bench();
    await bench.settle();
    bench.take();
    bench.device.pressReset(true);
    await bench.settle();
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
  });
});

describe('power', () => {
  test('off, the device neither hears nor speaks, and a reset button does nothing', async () => {
    const bench = new Bench({ image: APP });
    bench.device.powerOff();
    bench.device.pressReset(true);
    expect(await bench.ask('20 04 00 01 00 00 00 00', 60_000)).toBe('silence');
    expect(bench.device.state.running).toBe('off');
    bench.device.powerOn();
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
  });

  test('cut during an upload leaves the device off, the answer unsent, and a bootloader behind', async () => {
    const file = gblOf(TINY_START, APP);
    const bench = await Bench.inBootloader({
      image: application({ start: TINY_START, bytes: 1200, seed: 9 }),
    });
    bench.device.cutPowerAt(20);
    const answers = await bench.upload(file);
    expect(answers.filter((a) => a !== 'silence').length).toBeLessThan(5);
    expect(bench.device.state.running).toBe('off');
    bench.device.powerCycle();
    await bench.settle();
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
  });

  test('cut before the first page is erased leaves the old application', async () => {
    const old = application({ start: TINY_START, bytes: 1200, seed: 9 });
    const bench = await Bench.inBootloader({ image: old });
    bench.device.cutPowerAt(0, 'before');
    await bench.upload(gblOf(TINY_START, APP));
    bench.device.powerCycle();
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
    expect(bench.device.runs().bytes).toEqual(old);
  });

  test.each([
    [-1, 'bootloader'],
    [0, 'application'],
  ])('cut %i operations from the last one: the program counter is written last', async (from, running) => {
    const file = gblOf(TINY_START, APP);
    const whole = await Bench.inBootloader();
    await whole.upload(file);
    const last = whole.device.flash.operations - 1;

    const bench = await Bench.inBootloader();
    bench.device.cutPowerAt(last + from, 'after');
    await bench.upload(file);
    bench.device.powerCycle();
    await bench.settle();
    expect(bench.device.state.running).toBe(running);
  });
});

describe('parts', () => {
  test.each([
    ['efr32bg1', 0x4000],
    ['efr32bg22', 0x6000],
    ['efr32bg24', 0x08006000],
    ['efr32bg13', 0],
  ])('%s keeps its application at 0x%x', async (name, start) => {
    const part = findPart(name);
    if (part === undefined) throw new Error(`no part ${name}`);
    const image = application({ start, bytes: 5000 });
    const bench = await Bench.inBootloader({ part });
    await bench.upload(gblOf(start, image), 252);
    expect(bench.device.runs()).toEqual({ version: 0x00010000, bytes: image });
  });

  test('another bootloader of the part moves the application', () => {
    const part = findPart('efr32bg22');
    if (part === undefined) throw new Error('no part');
    expect(new Bench({ part, layout: 'apploader' }).device.hardware.applicationStart).toBe(0x12000);
    expect(() => new Bench({ part, layout: 'main-flash' })).toThrow(RangeError);
  });

  test('flash is kept and given back', async () => {
    const first = await Bench.inBootloader();
    await first.upload(gblOf(TINY_START, APP));
    const second = new Bench({ flash: first.device.flash.contents() });
    await second.settle();
    expect(second.device.state.running).toBe('application');
    expect(() => new Bench({ flash: new Uint8Array(TINY.flashBytes + 1) })).toThrow(RangeError);
  });
});

test('a part with the most RAM there is starts what was packed for it', async () => {
  const part = findPart('efr32mg26');
  if (part === undefined) throw new Error('the part is known');
  const bench = new Bench({
    part,
    image: bareApplication(0x20080000, part.layouts[0].applicationStart + 0x151),
  });
  expect(bench.device.runs().refusal).toBeUndefined();
  await bench.settle();
  expect(bench.device.state.running).toBe('application');
});
