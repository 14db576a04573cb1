// What happens in one run, drawn from its seed: the same seed, the same device and the same faults on every machine.

/** Numbers in [0, 1) that are the same in every run (Mulberry32, Tommy Ettinger). */
export function generator(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that a clean run sends to the device, and hears from it, roughly: places for faults are drawn from these. */
const SENT_BYTES = 1500;
const HEARD_BYTES = 180;
const KINDS = [
  { device: 'gecko', protocol: 'bgapi' },
  { device: 'gecko', protocol: 'bgapi' },
  { device: 'gecko', protocol: 'auto' },
  { device: 'gecko-xmodem', protocol: 'xmodem' },
  { device: 'gecko-xmodem', protocol: 'xmodem' },
  { device: 'gecko-xmodem', protocol: 'auto' },
  { device: 'ble112', protocol: 'ble1xx' },
];
const BYTE_FAULTS = ['drop', 'double', 'noise', 'flip', 'lose'];
const EVENTS = ['vanish', 'vanish', 'reboot', 'reboot', 'stuck', 'dead', 'gone'];

/** `byProgram`: the built dfu-flash in a process of its own, and in real time. */
export function draw(seed, byProgram = false) {
  const next = generator(seed);
  const below = (n) => Math.floor(next() * n);
  const pick = (list) => list[below(list.length)];
  // The program is asked for what needs no hand of an operator.
  const { device, protocol } = byProgram
    ? pick(KINDS.filter(({ device }) => device === 'gecko'))
    : pick(KINDS);
  const silent = device === 'gecko-xmodem' ? protocol === 'xmodem' : next() < 0.2 && device === 'gecko';
  const faults = Array.from({ length: 1 + below(4) }, () => drawFault(below, pick, device));
  return {
    seed,
    device,
    protocol,
    // A silent application can be asked into nothing: the device is then in its bootloader from the start.
    app: silent ? 'silent' : 'bgapi',
    byHand: silent,
    retries: pick([0, 1, 3]),
    confirm: silent || device !== 'gecko' ? 'auto' : pick(['auto', 'auto', 'booted', 'version']),
    faults,
  };
}

function drawFault(below, pick, device) {
  if (below(2) === 0) {
    const kind = pick(EVENTS);
    const when =
      below(3) === 0
        ? { phase: pick(['finish', 'confirm']), afterMs: below(2500) }
        : { direction: 'to-device', at: below(SENT_BYTES) };
    return { kind, ...when, ms: 100 + below(kind === 'stuck' ? 12_000 : 4000) };
  }
  const direction = below(2) === 0 ? 'to-device' : 'to-host';
  // This bootloader checks nothing: what the line makes of a byte on its way to it, no host can see.
  const kind = device === 'ble112' && direction === 'to-device' ? 'lose' : pick(BYTE_FAULTS);
  const at = below(direction === 'to-device' ? SENT_BYTES : HEARD_BYTES);
  return { kind, direction, at, count: 1 + below(24), bytes: Array.from({ length: 40 }, () => below(256)) };
}

/** A fault in a few words. */
export function describeFault({ kind, direction, at, phase, afterMs, ms, count }) {
  const where = phase === undefined ? `${direction} byte ${at}` : `${phase} + ${afterMs} ms`;
  const size =
    count === undefined ? `${kind === 'vanish' || kind === 'stuck' ? ` ${ms} ms` : ''}` : ` ${count}`;
  return `${kind}${size} at ${where}`;
}
