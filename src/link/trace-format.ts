import type { Bytes } from '../core/bytes.ts';
import type { DeviceState, ErrorCode, Facts } from '../core/errors.ts';
import type { ModemLines, Side } from './link.ts';

/** Largest trace that is written or read: four attempts at an image of 8 MiB, in hex, with room to spare. */
export const MAX_TRACE_BYTES = 128 * 1024 * 1024;
/** Longest line of a trace. */
export const MAX_TRACE_LINE_BYTES = 1024 * 1024;
/** Most bytes of a line's `hex`; what comes or goes in longer pieces takes several lines of that length. */
export const MAX_TRACE_PIECE_BYTES = 64 * 1024;
/** Latest time in a trace: 11 days and a half. */
export const MAX_TRACE_MS = 1_000_000_000;
export const MAX_TRACE_OPTIONS = 64;
/** Longest text in a trace: names, messages, cures. */
export const MAX_TRACE_TEXT = 4096;

export const TRACE_COMMANDS = ['upload', 'identify'] as const;
export type TraceCommand = (typeof TRACE_COMMANDS)[number];

/** What an option may be; never a secret. */
export type TraceOption = string | number | boolean;

/**
 * The first line of a trace: what was done, and all that doing it again needs besides the package.
 * `{"formatVersion":1,"tool":{"name":"dfukit","version":"0.1.0"},"command":"upload","protocol":"bgapi", ...}`
 */
export interface TraceHeader {
  formatVersion: 1;
  tool: { name: string; version: string };
  command: TraceCommand;
  /** Time of day, ISO 8601 in UTC. */
  startedAt: string;
  /** As `findProtocol` takes it. */
  protocol: string;
  port: string;
  packageId?: string;
  options: Readonly<Record<string, TraceOption>>;
}

/** An error as it is told by a link or a port. */
export interface TraceError {
  code: ErrorCode;
  message: string;
  cure: string;
  facts: Facts;
}

/** What an opened link can do besides carrying bytes. */
export const LINK_ABILITIES = ['setLines', 'setBaud', 'turnTo'] as const;
export type LinkAbility = (typeof LINK_ABILITIES)[number];

/** What this side can wait for. */
export const LINK_WORKS = ['open', 'write', 'set', 'close'] as const;
export type LinkWork = (typeof LINK_WORKS)[number];

/** Done by this side: the run that is recorded. */
export type HostEvent =
  | { event: 'open' }
  | { event: 'sent'; bytes: Bytes }
  | ({ event: 'lines' } & ModemLines)
  | { event: 'baud'; baudRate: number }
  | { event: 'turn'; side: Side }
  | { event: 'close' };

/** What happened to it: by the device, by the system, by the operator. */
export type WorldEvent =
  | { event: 'opened'; can: readonly LinkAbility[] }
  /** `same`: at once with the one before, so that no reader could act in between. */
  | { event: 'received'; bytes: Bytes; same?: true }
  /** The bytes sent last have been handed over. */
  | { event: 'written' }
  /** Lines, baud rate or side are set. */
  | { event: 'set' }
  /** What this side waited for ended in an error. */
  | { event: 'failed'; of: LinkWork; error: TraceError }
  /** The link is gone, whoever ended it. */
  | { event: 'closed'; error: TraceError }
  /** The port is free again. */
  | { event: 'released' }
  /** First and second Ctrl-C. */
  | { event: 'stop' }
  | { event: 'abort' };

/** For readers; nothing is made of it in a replay. */
export type NoteEvent =
  | { event: 'phase'; phase: string; attempt: number; message?: string }
  | { event: 'end'; exit: number; code?: ErrorCode; deviceState?: DeviceState };

/** One line; `t` in ms since the trace was begun. */
export type TraceEvent = { t: number } & (HostEvent | WorldEvent | NoteEvent);

export interface Trace {
  header: TraceHeader;
  /** Event `i` stands in line `i + 2`. */
  events: readonly TraceEvent[];
  /** Its last line was cut off: the program or the machine ended before the run did. */
  cutOff: boolean;
}

export const HOST_EVENTS: ReadonlySet<TraceEvent['event']> = new Set([
  'open',
  'sent',
  'lines',
  'baud',
  'turn',
  'close',
] satisfies HostEvent['event'][]);

export const NOTE_EVENTS: ReadonlySet<TraceEvent['event']> = new Set([
  'phase',
  'end',
] satisfies NoteEvent['event'][]);

export const isHostEvent = (event: TraceEvent): event is { t: number } & HostEvent =>
  HOST_EVENTS.has(event.event);

/** The number of the line in which event `index` stands. */
export const lineOfEvent = (index: number): number => index + 2;
