import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { systemClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { Inbox } from '../../src/core/inbox.ts';
import { flashPackage } from '../../src/flash/session.ts';
import { xmodem } from '../../src/flash/xmodem/driver.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import { createGeckoDevice } from '../../src/sim/index.ts';
import { verified } from '../flash/support.ts';
import { application, gblOf, TINY, TINY_START } from '../sim/support.ts';
import { tempFolder } from '../support/temp.ts';

const IMAGE = application({ start: TINY_START, bytes: 3000, seed: 5 });
const FILE = gblOf(TINY_START, IMAGE);

function start(program: string, argv: readonly string[], cwd: string): ChildProcess {
  const child = spawn(program, argv, { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  // It may end while something is still on the way to it.
  child.stdin?.on('error', () => {});
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((done) => child.on('close', (exit) => done(exit)));

/** The far side of a link: a menu in front of Debian's receiver. */
class MenuBeforeReceiver implements Port<ByteLink> {
  readonly kind = 'bytes';
  readonly name = "lrzsz's rx";
  readonly #folder: string;
  readonly #inbox = new Inbox<Bytes>();
  #receiver: ChildProcess | undefined;
  exit: number | null | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<ByteLink> {
    const why = new DfuError('link.closed', 'closed by this side');
    return {
      kind: 'bytes',
      inbox: this.#inbox,
      closed: new Promise(() => {}),
      write: async (bytes) => this.#receive(bytes),
      close: async () => this.#inbox.close(why),
    };
  }

  #say(text: string): void {
    this.#inbox.put(utf8(`${text}\0`));
  }

  #menu(): void {
    this.#say('\r\nGecko Bootloader v2.04.01\r\n1. upload gbl\r\n2. run\r\n3. ebl info\r\nBL > ');
  }

  #receive(bytes: Bytes): void {
    if (this.#receiver !== undefined) this.#receiver.stdin?.write(bytes);
    else if (bytes[0] === 0x31) this.#begin();
    else if (bytes[0] !== 0x32) this.#menu();
  }

  #begin(): void {
    this.#say('\r\nbegin upload\r\n');
    const receiver = start('rx', ['-X', '-c', '-b', 'received.gbl'], this.#folder);
    this.#receiver = receiver;
    receiver.stdout?.on('data', (data: Buffer) => this.#inbox.put(Uint8Array.from(data)));
    receiver.on('close', (exit) => {
      this.exit = exit;
      this.#receiver = undefined;
      this.#say('\r\nSerial upload complete\r\n');
      this.#menu();
    });
  }
}

const describeOnLinux = process.platform === 'linux' ? describe : () => {};
describeOnLinux("Debian's lrzsz", () => {
  test('sends to the virtual device', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'image.gbl'), FILE);
    const device = createGeckoDevice({ clock: systemClock, part: TINY, bootloader: 'xmodem' });
    onTestFinished(() => device.powerOff());
    let text = '';
    let sender: ChildProcess | undefined;
    const exit = new Promise<number | null>((done) => {
      device.send = (bytes) => {
        text += Buffer.from(bytes).toString('latin1');
        if (text.endsWith('BL > \0') && !text.includes('begin')) {
          systemClock.after(10, () => device.receive(Uint8Array.of(0x31)));
        }
        if (sender === undefined && text.endsWith('C')) {
          sender = start('sx', ['-X', '-b', 'image.gbl'], folder);
          sender.stdout?.on('data', (data: Buffer) => device.receive(Uint8Array.from(data)));
          ended(sender).then(done, done);
        }
        sender?.stdin?.write(bytes);
      };
    });
    expect(await exit).toBe(0);
    expect(text).toContain('\r\nSerial upload complete\r\n\0');
    expect(device.flash.read(TINY_START, IMAGE.length)).toEqual(IMAGE);
  });

  test('receives from the driver, padded with erased flash', async () => {
    const folder = await tempFolder();
    const port = new MenuBeforeReceiver(folder);
    const { signal } = new AbortController();
    const report = await flashPackage(
      verified([{ bytes: FILE }]),
      port,
      xmodem,
      { entry: 'auto', confirm: 'none', retries: 0, operator: {} },
      { clock: systemClock, stop: signal, signal, emit: () => {} },
    );
    expect(report.error?.message).toBeUndefined();
    expect(port.exit).toBe(0);
    const padding = new Uint8Array((128 - (FILE.length % 128)) % 128).fill(0xff);
    const received = Uint8Array.from(await readFile(join(folder, 'received.gbl')));
    expect(received).toEqual(concat([FILE, padding]));
  });
});
