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
