import { DfuError } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import { dottedDeviceVersion } from '../facts.ts';
import { CONFIRMATIONS, type Confirmation, type Run } from '../protocol.ts';
import type { Channel } from './channel.ts';
import { type ApplicationStart, versionOf } from './dialect.ts';
import { probe } from './entry.ts';

/** Long enough for a bootloader that checks a signature and an application that starts slowly. */
const WINDOW_MS = 4000;
const WRITE_MS = 1000;
/** Far more than prove a crash loop. */
const MAX_BOOTS = 100;

/** What was seen in the time after a reset. */
export interface Start {
  /** Where it ended, as far as it told. */
  running: 'bootloader' | 'application' | 'silence';
  /** Each start of the application that told; the last is the newest. */
  boots: ApplicationStart[];
}

/**
 * Resets the device into its application and watches the whole window. A bootloader that is there afterwards is reset
 * once more: it may not have got the reset, or have heard the one that restarts a bootloader. An application that started
 * twice is watched once more: one restart is a glitch of its power, not a crash loop. One that answers without having told
 * its start is asked to tell it.
 */
export async function startApplication(channel: Channel, run: Run): Promise<Start> {
  for (let last = false; ; last = true) {
    channel.forget();
    await channel.send(channel.dialect.commands.startApplication, within(WRITE_MS, run));
    await channel.turnTo('application');
    const seen = await watchLoop(channel, run);
    if (seen.running === 'application' || (seen.running === 'bootloader' && last)) return seen;
    if (seen.running === 'bootloader') {
      await channel.turnTo('bootloader');
      continue;
    }
    const answer = await probeBoth(channel);
    // An event that came with the answer says more than the answer does.
    const late = await watch(channel, run, 0);
    if (late.running !== 'silence') return late;
    if (answer === 'other') return hearStart(channel, run);
    if (answer === 'silence' || last) return { running: answer, boots: [] };
  }
}

/** The window, and where an application started more than once, another: if all is quiet then, the last start counts. */
async function watchLoop(channel: Channel, run: Run): Promise<Start> {
  const seen = await watch(channel, run, WINDOW_MS);
  if (seen.running !== 'application' || seen.boots.length < 2 || seen.boots.length === MAX_BOOTS) return seen;
  const later = await watch(channel, run, WINDOW_MS);
  if (later.running === 'silence') return { running: 'application', boots: seen.boots.slice(-1) };
  return { running: later.running, boots: [...seen.boots, ...later.boots] };
}

/** Its boot event was lost: restarts it, so that it tells its version. */
async function hearStart(channel: Channel, run: Run): Promise<Start> {
  channel.forget();
  await channel.send(channel.dialect.commands.restartApplication, within(WRITE_MS, run));
  const seen = await watchLoop(channel, run);
  return seen.running === 'silence' ? { running: 'application', boots: [] } : seen;
}

/** Whoever talks at another baud rate than the application has been silent so far. */
async function probeBoth(channel: Channel): ReturnType<typeof probe> {
  const answer = await probe(channel);
  if (answer !== 'silence' || !channel.hasTwoRates) return answer;
  await channel.turnTo('bootloader');
  return probe(channel);
}

async function watch(channel: Channel, run: Run, windowMs: number): Promise<Start> {
  const { dialect } = channel;
  const end = run.clock.now() + windowMs;
  const boots: ApplicationStart[] = [];
  for (;;) {
    const event = await channel.nextEvent(Math.max(0, end - run.clock.now()));
    if (event === undefined) return { running: boots.length > 0 ? 'application' : 'silence', boots };
    if (dialect.bootloaderStart(event) !== undefined || dialect.isBootFailure(event)) {
      return { running: 'bootloader', boots };
    }
    const boot = dialect.applicationStart(event);
    if (boot !== undefined && boots.push(boot) === MAX_BOOTS) return { running: 'application', boots };
  }
}

/**
 * What the start proves, against what was asked for and the version expected.
 * Throws `device.back-in-bootloader`, `device.crash-loop`, `device.wrong-version`, `device.not-confirmed`.
 */
export function grade(
  { running, boots }: Start,
  asked: Confirmation,
  expected: number | undefined,
): Confirmation {
  if (running === 'bootloader') {
    throw new DfuError('device.back-in-bootloader', 'the bootloader took the image, but did not start it', {
      deviceState: 'bootloader',
    });
  }
  if (boots.length > 1) {
    throw new DfuError(
      'device.crash-loop',
      `the application started ${boots.length} times within ${WINDOW_MS / 1000} s`,
      { deviceState: 'new', facts: { starts: boots.length } },
    );
  }
  const boot = boots[0];
  const told = boot && versionOf(boot);
  const matches = boot !== undefined && expected !== undefined && tells(boot, expected);
  if (told !== undefined && expected !== undefined && !matches) {
    throw new DfuError(
      'device.wrong-version',
      `the application tells version ${told}, expected is ${dottedDeviceVersion(expected)}`,
      { deviceState: 'unknown', facts: { expected: dottedDeviceVersion(expected), found: told } },
    );
  }
  const confirmation = matches ? 'version' : running === 'application' ? 'booted' : 'handed-over';
  if (CONFIRMATIONS.indexOf(confirmation) > CONFIRMATIONS.indexOf(asked)) {
    throw new DfuError(
      'device.not-confirmed',
      `asked for ${asked}, but the evidence is only ${confirmation}`,
      {
        deviceState: 'new',
        facts: { asked, reached: confirmation },
      },
    );
  }
  return confirmation;
}

/** Part by part: a minor or patch above 255 has no place in the 32 bits, and must not look like another version. */
const tells = (boot: ApplicationStart, expected: number): boolean =>
  versionOf(boot) === dottedDeviceVersion(expected);
