import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { within } from '../../src/core/wait.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import { foundPort, namedPort, type PortFilter } from '../../src/node/found-port.ts';
import type { SerialPortInfo } from '../../src/node/serial-list.ts';
import { createGeckoDevice, memoryPort } from '../../src/sim/index.ts';
import { TINY } from '../sim/support.ts';

const BOARD: SerialPortInfo = { path: '/dev/ttyS0' };
const FIRST: SerialPortInfo = {
  path: '/dev/ttyUSB0',
  vendorId: '10c4',
  productId: 'ea60',
  vendor: 'Silicon Labs',
  serialNumber: '0001',
  location: '1-1',
};
const SECOND = { ...FIRST, path: '/dev/ttyUSB1', serialNumber: 'Ab 2', location: '1-2' };
const OTHER = {
  ...FIRST,
  path: '/dev/ttyACM0',
  vendorId: '1366',
  productId: '0105',
  serialNumber: '44',
  location: '1-3',
};

function bench(ports: SerialPortInfo[]) {
  const clock = new VirtualClock();
  const opened: string[] = [];
  const there = { ports };
  const finder = {
    list: async () => there.ports,
    open: (path: string): Port<ByteLink> => {
      const port = memoryPort(createGeckoDevice({ clock, part: TINY }), {
        clock,
        name: `${path} at 115200 baud`,
      });
      return {
        kind: 'bytes',
        name: port.name,
        open: async (wait) => {
          opened.push(path);
          if (!there.ports.some((info) => info.path === path)) throw new DfuError('link.not-found', path);
          return port.open(wait);
        },
      };
    },
  };
  const open = async (port: Port<ByteLink>) => {
    const link = await port.open(within(1000, { clock, signal: new AbortController().signal }));
    await link.close();
  };
  return { finder, opened, there, open };
}

describe('--port auto', () => {
  test.each<[string, PortFilter, SerialPortInfo[], string]>([
    ['the only one on USB', {}, [BOARD, FIRST], '/dev/ttyUSB0'],
    ['that of a vendor', { vendorId: '1366' }, [FIRST, OTHER, SECOND], '/dev/ttyACM0'],
    ['that of a product', { productId: '0105' }, [FIRST, OTHER, SECOND], '/dev/ttyACM0'],
    ['that with a serial number', { serialNumber: 'Ab 2' }, [FIRST, OTHER, SECOND], '/dev/ttyUSB1'],
    ['that of Windows, in capitals', { vendorId: '10c4' }, [{ ...FIRST, vendorId: '10C4' }], '/dev/ttyUSB0'],
  ])('takes %s', async (_, filter, ports, path) => {
    const { finder, opened, open } = bench(ports);
    const port = foundPort(filter, finder);
    expect(port.name).toBe('auto');
    await open(port);
    expect(opened).toEqual([path]);
    expect(port.name).toBe(`${path} at 115200 baud`);
  });

  test.each<[string, PortFilter, SerialPortInfo[], string, RegExp]>([
    ['none is there', {}, [], 'link.not-found', /^there is no USB serial port; this machine has none$/],
    ['none is on USB', {}, [BOARD], 'link.not-found', /this machine has none/],
    [
      'none fits, and says which there are',
      { vendorId: '1366', serialNumber: 'x' },
      [FIRST],
      'link.not-found',
      /^there is no USB serial port with vendor 1366, serial number x; this machine has:\n {4}\/dev\/ttyUSB0 .*10c4:ea60/,
    ],
    [
      'two fit, and says which',
      { vendorId: '10c4' },
      [FIRST, OTHER, SECOND],
      'link.ambiguous',
      /^there are 2 USB serial ports with vendor 10c4:\n.*ttyUSB0.*0001\n.*ttyUSB1.*Ab 2$/,
    ],
    ['a serial number is no part of one', { serialNumber: 'Ab' }, [SECOND], 'link.not-found', /Ab;/],
  ])('refuses where %s', async (_, filter, ports, code, words) => {
    const { finder, opened, open } = bench(ports);
    await expect(open(foundPort(filter, finder))).rejects.toMatchObject({
      code,
      exit: 6,
      message: expect.stringMatching(words),
    });
    expect(opened).toEqual([]);
  });

  test('finds it when it comes later', async () => {
    const { finder, there, open } = bench([]);
    const port = foundPort({}, finder);
    await expect(open(port)).rejects.toMatchObject({ code: 'link.not-found' });
    there.ports = [FIRST];
    await open(port);
  });
});

describe.each([
  ['chosen', (b: ReturnType<typeof bench>) => foundPort({ serialNumber: '0001' }, b.finder)],
  ['named', (b: ReturnType<typeof bench>) => namedPort('/dev/ttyUSB0', b.finder)],
])('an adapter that was %s is opened again', (_, make) => {
  const BOOTLOADER = { ...FIRST, path: '/dev/ttyACM7', productId: 'b007', serialNumber: 'other' };

  test.each<[string, SerialPortInfo[], string]>([
    ['under its name', [FIRST, SECOND], '/dev/ttyUSB0'],
    ['under another name', [{ ...FIRST, path: '/dev/ttyUSB3' }, SECOND], '/dev/ttyUSB3'],
    [
      'under the name of its neighbour',
      [
        { ...FIRST, path: '/dev/ttyUSB1' },
        { ...SECOND, path: '/dev/ttyUSB0' },
      ],
      '/dev/ttyUSB1',
    ],
    ['in another socket', [{ ...FIRST, path: '/dev/ttyUSB3', location: '2-1' }, SECOND], '/dev/ttyUSB3'],
    ['as something else in its socket', [BOOTLOADER, SECOND], '/dev/ttyACM7'],
    [
      'beside one with the same serial number',
      [
        { ...SECOND, serialNumber: '0001', path: '/dev/ttyUSB0' },
        { ...FIRST, path: '/dev/ttyUSB4' },
      ],
      '/dev/ttyUSB4',
    ],
  ])('%s', async (_, ports, path) => {
    const b = bench([FIRST, OTHER]);
    const port = make(b);
    await b.open(port);
    b.there.ports = ports;
    await b.open(port);
    expect(b.opened).toEqual(['/dev/ttyUSB0', path]);
    expect(port.name).toContain(path);
  });

  test.each<[string, SerialPortInfo[]]>([
    ['gone', [OTHER]],
    ['gone, and another has its name', [{ ...SECOND, path: '/dev/ttyUSB0' }]],
    [
      'one of two that are alike',
      [
        { ...FIRST, location: '3-1' },
        { ...FIRST, location: '3-2', path: '/dev/ttyUSB1' },
      ],
    ],
    ['another interface of the same adapter', [{ ...FIRST, interfaceNumber: '01' }]],
  ])('but not where it is %s', async (_, ports) => {
    const b = bench([FIRST]);
    const port = make(b);
    await b.open(port);
    b.there.ports = ports;
    await expect(b.open(port)).rejects.toMatchObject({
      code: 'link.not-found',
      message: expect.stringContaining('0001'),
    });
    expect(b.opened).toEqual(['/dev/ttyUSB0']);
  });
});

describe('a port by its name', () => {
  test('that is on no USB keeps it', async () => {
    const b = bench([BOARD]);
    const port = namedPort('/dev/ttyS0', b.finder);
    await b.open(port);
    b.there.ports = [FIRST, BOARD];
    await b.open(port);
    expect(b.opened).toEqual(['/dev/ttyS0', '/dev/ttyS0']);
  });

  test('keeps it, too, where ports can not be listed', async () => {
    const b = bench([FIRST]);
    const list = () => Promise.reject(new DfuError('link.failed', 'no list'));
    const port = namedPort('/dev/ttyUSB0', { ...b.finder, list });
    await b.open(port);
    await b.open(port);
    expect(b.opened).toHaveLength(2);
  });
});
