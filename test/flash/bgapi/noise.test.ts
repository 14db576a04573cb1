import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { DfuError } from '../../../src/core/errors.ts';
import { bgapi } from '../../../src/flash/bgapi/driver.ts';
import { flashPackage } from '../../../src/flash/session.ts';
import {
  COMMAND,
  OPTIONS,
  REPLY,
  ScriptedPort,
  someBytes,
  systemBoot,
  testRun,
  verified,
} from '../support.ts';

/** What a mad device may send: noise, and frames where they do not belong. */
const utterance = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => toHex(bytes)),
  fc.constantFrom(...Object.values(REPLY), systemBoot(), systemBoot(9, 9, 9)),
);
const madness = fc.array(fc.option(utterance, { nil: undefined }), { minLength: 1, maxLength: 40 });

const mad = (answers: readonly (string | undefined)[]) => {
  const run = testRun();
  let next = 0;
  const port = new ScriptedPort(run.clock, (_, hand) => {
    const answer = answers[next++ % answers.length];
    if (answer !== undefined) hand.reply(answer, next % 7);
  });
  return { run, port };
};

test('whatever a device sends, a run ends in a report, in bounded time', async () => {
  const pkg = verified([{ bytes: someBytes(600) }]);
  await fc.assert(
    fc.asyncProperty(madness, async (answers) => {
      const { run, port } = mad(answers);
      const report = await flashPackage(pkg, port, bgapi, { ...OPTIONS, retries: 2 }, run);
      expect(run.clock.now()).toBeLessThan(10 * 60_000);
      // Success takes every byte of the image, and finish, and the reset.
      if (report.exit === 0) {
        expect(port.count('upload')).toBeGreaterThanOrEqual(3);
        expect(port.count(COMMAND.finish)).toBeGreaterThanOrEqual(1);
        expect(port.count(COMMAND.reset)).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 150 },
  );
});

test('and identify in an answer or an error', async () => {
  await fc.assert(
    fc.asyncProperty(madness, async (answers) => {
      const { run, port } = mad(answers);
      const told = await bgapi.identify(port, run).catch((error: unknown) => error);
      expect(told instanceof DfuError || !(told instanceof Error)).toBe(true);
      expect(run.clock.now()).toBeLessThan(60_000);
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['events that mean nothing', 'a0020505ffff'],
  ['answers to nobody', REPLY.upload],
])('200,000 %s before the answer change nothing', async (_, frame) => {
  const flood = frame.repeat(200_000);
  const run = testRun();
  const port = new ScriptedPort(run.clock, (command, hand) => {
    if (command === COMMAND.probe) hand.reply(REPLY.setAddress);
    else if (command === COMMAND.resetToDfu) hand.reply(REPLY.boot);
    else if (command === COMMAND.finish) hand.reply(flood + REPLY.finish);
    else if (command === COMMAND.reset) hand.reply(systemBoot());
    else hand.reply(REPLY.upload);
  });
  const report = await flashPackage(verified([{ bytes: someBytes(600) }]), port, bgapi, OPTIONS, run);
  expect(report).toMatchObject({ exit: 0, confirmation: 'booted' });
});

test('a device that never stops talking does not put off the end of a wait', async () => {
  const run = testRun();
  const port = new ScriptedPort(run.clock, (_, hand) => {
    for (let ms = 0; ms < 60_000; ms += 5) hand.reply('a0020505ffff', ms);
  });
  const options = { ...OPTIONS, retries: 0 };
  const report = await flashPackage(verified([{ bytes: someBytes(600) }]), port, bgapi, options, run);
  expect(report.error?.code).toBe('device.no-bootloader');
  expect(run.clock.now()).toBeLessThan(30_000);
});
