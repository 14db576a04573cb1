import { counted, shown } from '../../core/text.ts';
import type { Phase } from '../../flash/protocol.ts';
import { type DeviceProgress, rateOf } from './fleet.ts';

/** A table never gets narrower than this, whatever the terminal says. */
const MIN_COLUMNS = 40;
const MAX_LABEL = 32;
const GAP = '  ';

const PHASES: Record<Exclude<DeviceProgress['phase'], 'done'>, string> = {
  waiting: 'waiting',
  connect: 'opening',
  enter: 'entering bootloader',
  upload: 'uploading',
  finish: 'checking',
  confirm: 'starting',
} satisfies Record<Phase | 'waiting', string>;

/**
 * The table of several devices at one moment: a line a device with phase, percent, rate, time left and retries, and a
 * line that counts. At most `rows` lines: where the devices are more, those that are done leave first. No line is longer
 * than `columns` - 1, so that none wraps.
 */
export function renderTable(
  devices: readonly DeviceProgress[],
  nowMs: number,
  { columns, rows }: { columns: number; rows: number },
): string[] {
  const width = Math.max(MIN_COLUMNS, columns) - 1;
  const room = Math.max(1, rows - 1);
  const seen = devices.length <= room ? devices : firstOf(devices, room);
  const cells = seen.map((device) => cellsOf(device, nowMs));
  const labelWidth = Math.max(0, ...cells.map(({ label }) => label.length));
  const lines = cells.map(({ label, phase, rest }) => {
    const name = label.padEnd(labelWidth);
    return rest === undefined
      ? `${name}${GAP}${phase}`
      : [name, phase.padEnd(PHASE_WIDTH), ...rest].join(GAP);
  });
  return [...lines, countLine(devices, devices.length - seen.length)].map((line) =>
    line.slice(0, width).trimEnd(),
  );
}

const PHASE_WIDTH = Math.max(...Object.values(PHASES).map(({ length }) => length));

/** Those under way first, each kind in the order of the operator; shown in that order, too. */
function firstOf(devices: readonly DeviceProgress[], room: number): DeviceProgress[] {
  const running = devices.filter(({ phase }) => phase !== 'done');
  const chosen = new Set([...running, ...devices.filter(({ phase }) => phase === 'done')].slice(0, room));
  return devices.filter((device) => chosen.has(device));
}

interface Cells {
  label: string;
  phase: string;
  /** Percent, rate, time left, retries; absent once it is done. */
  rest: string[] | undefined;
}

function cellsOf(device: DeviceProgress, nowMs: number): Cells {
  const label = shortened(shown(device.label));
  const retries =
    device.attempt > 1 ? counted(device.attempt - 1, 'retry').replace(/retrys$/, 'retries') : '';
  if (device.result !== undefined) {
    const again = retries === '' ? '' : `, ${retries}`;
    return { label, phase: `${device.result.text}${again}`, rest: undefined };
  }
  const phase = device.phase === 'done' ? 'waiting' : device.phase;
  const { doneBytes, totalBytes } = device;
  const rate = phase === 'upload' ? rateOf(device, nowMs) : undefined;
  return {
    label,
    phase: PHASES[phase],
    rest: [
      (totalBytes === 0 ? '' : `${Math.floor((100 * doneBytes) / totalBytes)} %`).padStart(5),
      (rate === undefined ? '' : `${(rate / 1024).toFixed(1)} KiB/s`).padStart(11),
      (rate === undefined ? '' : `${Math.ceil((totalBytes - doneBytes) / rate)} s left`).padStart(11),
      retries,
    ],
  };
}

/** The end of a long path tells more than its beginning. */
function shortened(text: string): string {
  return text.length <= MAX_LABEL ? text : `...${text.slice(text.length - MAX_LABEL + 3)}`;
}

function countLine(devices: readonly DeviceProgress[], hidden: number): string {
  const good = devices.filter(({ result }) => result?.good === true).length;
  const bad = devices.filter(({ result }) => result?.good === false).length;
  const parts = [`${good} of ${counted(devices.length, 'device')} done`];
  if (bad > 0) parts.push(`${bad} failed`);
  if (hidden > 0) parts.push(`${hidden} not shown`);
  return parts.join(', ');
}
