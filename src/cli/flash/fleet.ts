import type { Phase, Progress } from '../../flash/protocol.ts';

/** What is to be seen of one device among several. */
export interface DeviceProgress {
  /** The port as the operator named it. */
  readonly label: string;
  phase: 'waiting' | Phase | 'done';
  /** Counts from 1. */
  attempt: number;
  doneBytes: number;
  totalBytes: number;
  /** Where and when the upload of this attempt was first seen; the rate is reckoned from there. */
  from: { ms: number; bytes: number } | undefined;
  /** How it ended. */
  result: { text: string; good: boolean } | undefined;
}

export function newDevice(label: string): DeviceProgress {
  return {
    label,
    phase: 'waiting',
    attempt: 1,
    doneBytes: 0,
    totalBytes: 0,
    from: undefined,
    result: undefined,
  };
}

/** Takes what a run tells; `nowMs` is the time of the run's clock. */
export function takeProgress(device: DeviceProgress, progress: Progress, nowMs: number): void {
  const { phase, attempt, doneBytes, totalBytes } = progress;
  if (attempt !== device.attempt || phase === 'connect') {
    device.doneBytes = 0;
    device.from = undefined;
  }
  device.phase = phase;
  device.attempt = attempt;
  if (doneBytes === undefined || totalBytes === undefined) return;
  device.doneBytes = doneBytes;
  device.totalBytes = totalBytes;
  device.from ??= { ms: nowMs, bytes: doneBytes };
}

export function takeResult(device: DeviceProgress, text: string, good: boolean): void {
  device.phase = 'done';
  device.result = { text, good };
}

/** Bytes a second since the upload was first seen; `undefined` until there is something to reckon with. */
export function rateOf({ from, doneBytes }: DeviceProgress, nowMs: number): number | undefined {
  if (from === undefined || doneBytes <= from.bytes || nowMs <= from.ms) return undefined;
  return ((doneBytes - from.bytes) * 1000) / (nowMs - from.ms);
}
