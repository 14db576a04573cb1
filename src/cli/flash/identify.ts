import { shown } from '../../core/text.ts';
import { approached } from '../../flash/approach.ts';
import { identifyDevice } from '../../flash/auto.ts';
import type { DeviceFacts, Protocol, Run } from '../../flash/protocol.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import { choosePort, chooseProtocol, chooseReset, type DeviceOptions } from './device-options.ts';
import { twoInterrupts } from './interrupts.ts';

export interface IdentifyOptions extends DeviceOptions {
  trace?: string;
  replay?: string;
  json?: boolean;
}

const LABELS: Record<keyof DeviceFacts, string> = {
  running: 'Running',
  bootloaderVersion: 'Bootloader version',
  applicationVersion: 'Application version',
  applicationBuild: 'Application build',
  hardware: 'Hardware',
};

/** dfu-flash identify: what a device tells about itself. Errors are those of links, and `device.no-answer`. */
export async function identify(io: Io, asked: IdentifyOptions): Promise<number> {
  const { replay, trace } = asked;
  const record =
    replay === undefined
      ? undefined
      : await (await import('./replay-option.ts')).readIdentifyRecord(io, replay, asked);
  const options = { ...record?.options, ...asked };
  const chosen = chooseProtocol(io, options);
  const reset = chooseReset(options.reset, 'auto');
  if (trace !== undefined) {
    const { assertTraceOption } = await import('./trace-option.ts');
    await assertTraceOption(io, { trace }, [replay]);
  }
  const at = record?.target() ?? { port: await choosePort(io, options), clock: io.clock };
  const interrupts = twoInterrupts(io);
  const signals = 'bothOperators' in at ? at.bothOperators(interrupts) : interrupts;
  const run: Run = { clock: at.clock, stop: signals.stop, signal: signals.signal, emit: () => {} };
  const ask = (port: Port<ByteLink>, its: Run) =>
    identifyDevice(chosen, approached(port, { stop: its.stop, reset }), its);
  let found: Awaited<ReturnType<typeof identifyDevice>> | undefined;
  let exitAfter = (exit: number): number => exit;
  try {
    if (trace === undefined) found = await ask(at.port, run);
    else {
      const { recordRun } = await import('./trace-option.ts');
      const told: Record<string, string> = options.reset === undefined ? {} : { reset: options.reset };
      const work = { command: 'identify', protocol: chosen.name, options: told } as const;
      const recorded = await recordRun(io, trace, work, { port: at.port, run }, ask, () => ({ exit: 0 }));
      ({ value: found, exitAfter } = recorded);
    }
  } finally {
    interrupts.end();
    if ('assertSame' in at) at.assertSame(found === undefined ? undefined : { exit: 0 });
  }
  tell(io, at.port, found, options.json, 'replayOf' in at ? at.replayOf : undefined);
  return exitAfter(0);
}

function tell(
  io: Io,
  port: Port<ByteLink>,
  { protocol, device }: { protocol: Protocol<ByteLink>; device: DeviceFacts },
  json?: boolean,
  replayOf?: string,
): void {
  const facts = protocol.tells.flatMap((name) => {
    const value = device[name];
    return value === undefined ? [] : [{ name, value: shown(value), source: 'device' }];
  });
  const notTold = protocol.tells.filter((name) => device[name] === undefined);
  if (json) {
    const { name } = protocol;
    printJson(io, {
      ...{
        formatVersion: 1,
        ...(replayOf === undefined ? {} : { replayOf }),
        port: port.name,
        protocol: name,
        running: device.running,
      },
      ...{ facts, notTold },
    });
    return;
  }
  const line = (label: string, value: string) => io.out(`${`${label}:`.padEnd(21)}${value}\n`);
  if (replayOf !== undefined) line('Replay of', `${replayOf}; no device was there`);
  line('Port', port.name);
  line('Protocol', protocol.name);
  line(LABELS.running, device.running);
  for (const { name, value } of facts) line(LABELS[name], value);
  if (notTold.length > 0) {
    const names = notTold.map((name) => LABELS[name].toLowerCase()).join(', ');
    line('Not told', `${names}, by this ${device.running}`);
  }
}
