// One device, one run with faults, one without; and whether what was said of it is so.
import { join } from 'node:path';
import { ERRORS, findProtocol, flashPackage } from '../../dist/lib/index.js';
import { serialPort } from '../../dist/lib/node/index.js';
import { Plug } from './plug.mjs';
import { makeDevice, PROGRAMS } from './scene.mjs';

/** No run may take longer than this, in ms of the device's time. */
const LONGEST_RUN_MS = 10 * 60_000;
const BAUD = 115_200;

/** Time that goes `speed` times as fast, for hosts and devices alike. */
export const fastClock = (speed) => ({
  now: () => performance.now() * speed,
  after(ms, fn) {
    const timer = setTimeout(fn, Math.ceil(ms / speed));
    return () => clearTimeout(timer);
  },
});

/** Gives how it ended, and every promise that was broken. */
export async function oneRun(drawn, { packages, launch, byProgram, speed }) {
  const clock = fastClock(byProgram ? 1 : speed);
  const scene = { drawn, clock, packages, launch, ...makeDevice(drawn, clock) };
  const broken = [];
  const path = packages.at(`port-${drawn.seed}`);
  const timers = new Set();
  const later = (ms, fn) => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      fn();
    });
    timers.add(cancel);
  };
  const moves = [];
  const plug = new Plug(path, scene.device, (fault) => strike(fault));
  const strike = ({ kind, ms }) => {
    if (kind === 'reboot') scene.device.powerCycle();
    if (kind === 'stuck' || kind === 'dead') {
      plug.stuck = true;
      if (kind === 'stuck')
        later(ms, () => {
          plug.stuck = false;
        });
    }
    if (kind === 'vanish' || kind === 'gone') {
      moves.push(plug.pull());
      if (kind === 'vanish') later(ms, () => moves.push(plug.plugIn()));
    }
  };
  await plug.plugIn();
  // As after a failed update: nothing but a hand, or a bootloader that is there already, reaches a silent application.
  if (drawn.byHand && drawn.protocol !== 'xmodem') await inBootloader(scene);
  const operations = scene.device.flash.operations;
  const phased = drawn.faults.filter(({ phase }) => phase !== undefined);
  plug.expect(drawn.faults.filter(({ phase }) => phase === undefined));
  const onPhase = (phase) => {
    for (const fault of phased.splice(0)) {
      if (fault.phase !== phase) phased.push(fault);
      else {
        plug.struck++;
        later(fault.afterMs, () => strike(fault));
      }
    }
  };

  const from = clock.now();
  const options = { retries: drawn.retries, confirm: drawn.confirm };
  const report = byProgram
    ? await flashByProgram(scene, path, options, broken)
    : await flashByLibrary(scene, path, options, onPhase);
  const faultyMs = clock.now() - from;
  judge(report, scene, operations, broken);

  for (const cancel of timers) cancel();
  await Promise.all(moves);
  plug.expect([]);
  phased.length = 0;
  await plug.plugIn();
  // Whoever hangs is turned off and on by hand; nothing else is.
  if (plug.stuck) {
    plug.stuck = false;
    scene.device.powerCycle();
    if (drawn.byHand && drawn.protocol !== 'xmodem' && scene.starts()) await inBootloader(scene);
  } else if (drawn.byHand && drawn.protocol !== 'xmodem' && scene.device.state.running !== 'bootloader') {
    await inBootloader(scene);
  }
  const again = await flashByLibrary(scene, path, { retries: 3, confirm: 'auto' }, () => {});
  const cleanBroken = [];
  judge(again, scene, undefined, cleanBroken);
  if (again.result !== 'flashed') cleanBroken.push(`it fails: ${again.error?.code}: ${again.error?.message}`);
  broken.push(...cleanBroken.map((text) => `the clean run: ${text}`));
  await plug.pull();
  scene.device.powerOff();
  return { drawn, byProgram, report, again, faultyMs, struck: plug.struck, broken };
}

/** Bootloader pin held, reset pressed, and time for it to start. */
async function inBootloader({ pressReset, clock }) {
  pressReset();
  await new Promise((resolve) => clock.after(60, resolve));
}

/** With an operator beside the device where the draw has one. */
function flashByLibrary({ drawn, clock, packages, device, pressReset }, path, options, onPhase) {
  const never = new AbortController().signal;
  const byHand = drawn.byHand && drawn.protocol === 'xmodem';
  const protocol = findProtocol(drawn.protocol);
  let phase;
  let asked = false;
  const emit = (progress) => {
    if (progress.phase !== phase) {
      phase = progress.phase;
      onPhase(phase);
    }
    if (progress.facts !== undefined) asked = false;
    if (!byHand || !progress.message?.includes('hold its bootloader pin')) return;
    asked = true;
    // As a person does: some time later, and once more where nothing came of it.
    for (const ms of [300, 20_000]) {
      clock.after(ms, () => {
        if (asked && device.state.running === 'application') pressReset();
      });
    }
  };
  const work = flashPackage(
    packages[drawn.device],
    serialPort({ path, baudRate: BAUD }),
    protocol,
    { entry: byHand ? 'manual' : 'auto', operator: { product: 'chaos' }, ...options },
    { clock, stop: never, signal: never, emit },
  );
  return bounded(work, clock);
}

function bounded(work, clock) {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(LONGEST_RUN_MS, () => reject(new Error('the run did not end')));
    work.then(resolve, reject).finally(cancel);
  });
}

async function flashByProgram({ drawn, clock, packages, launch }, path, { retries, confirm }, broken) {
  const args = [
    ...[join(PROGRAMS, 'dfu-flash.js'), packages.at('gecko.dfupkg'), '--key', packages.at('chaos.pub.pem')],
    ...['--product', 'chaos', '--port', path, '--protocol', drawn.protocol, '--retries', `${retries}`],
    ...['--confirm', confirm, '--progress', 'none', '--json'],
  ];
  const { exit, stdout, stderr } = await bounded(launch(args, LONGEST_RUN_MS), clock);
  if (/unhandled|at .*\(.*:\d+:\d+\)/i.test(stderr)) broken.push(`stderr: ${stderr}`);
  const report = JSON.parse(stdout);
  if (report.exit !== exit) broken.push(`exit ${exit}, but the report says ${report.exit}`);
  return report;
}

/** What a report says of the device must be so. */
function judge(report, { drawn, device, holdsOld, holdsNew, starts }, operations, broken) {
  const { result, exit, deviceState, error } = report;
  const say = (good, text) => {
    if (!good) broken.push(`${text} (${result}, ${error?.code ?? report.confirmation}, ${deviceState})`);
  };
  say((exit === 0) === (result === 'flashed'), `exit ${exit}`);
  if (result === 'flashed') {
    say(holdsNew(), 'success is claimed, and flash holds something else');
    say(deviceState === 'new', 'success without the new application');
    const seen = report.confirmation === 'version' || report.confirmation === 'booted';
    // It may start anew at any moment, of itself.
    if (seen) say(device.state.running !== 'bootloader', 'its start is claimed, and the bootloader runs');
  } else {
    say(error !== undefined && ERRORS[error.code]?.exit === exit, 'a failure without its code');
    // Every fault here ends sooner or later, and another run succeeds: it must not be called useless.
    // But what the line made of a version that a device told is judged as told, before anything is sent.
    const misheard = error?.code === 'policy.downgrade' && deviceState === 'untouched';
    // And one that hangs for ever has no start that another run would see.
    const silent = error?.code === 'device.not-confirmed' && error.facts.asked !== undefined;
    say(error?.retryable === true || misheard || silent, 'another run helps, and that is denied');
  }
  if (deviceState === 'new') say(holdsNew(), 'the new application is claimed');
  if (deviceState === 'old') say(holdsOld(), 'the old application is claimed');
  if (deviceState === 'untouched' && operations !== undefined)
    say(device.flash.operations === operations, 'it was changed, and is said to be untouched');
  if (deviceState === 'bootloader')
    say(!starts() && device.state.running !== 'application', 'an application starts, and is denied');
  say(drawn.device === 'ble112' || device.flash.violations.length === 0, 'flash was written wrongly');
}
