import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listOfSysfs, listSerialPorts } from '../../src/node/serial-list.ts';
import { tempFolder } from '../support/temp.ts';

test('ports of Linux with what their USB devices tell', async () => {
  const root = await tempFolder();
  const tty = join(root, 'class');
  const usb = join(root, 'devices', 'usb1', '1-2');
  const adapter = join(usb, '1-2:1.0', 'ttyUSB0');
  const board = join(root, 'devices', 'platform', 'serial8250');
  await mkdir(adapter, { recursive: true });
  await mkdir(board, { recursive: true });
  for (const [file, text] of Object.entries({
    idVendor: '10c4\n',
    idProduct: 'ea60\n',
    manufacturer: 'Silicon Labs\n',
    product: 'CP2102N USB to UART Bridge\n',
    serial: '0001\n',
  })) {
    await writeFile(join(usb, file), text);
  }
  await writeFile(join(usb, '1-2:1.0', 'bInterfaceNumber'), '00\n');
  const make = async (name: string, device?: string, type?: string) => {
    await mkdir(join(tty, name), { recursive: true });
    if (device !== undefined) await symlink(device, join(tty, name, 'device'));
    if (type !== undefined) await writeFile(join(tty, name, 'type'), `${type}\n`);
  };
  await make('ttyUSB0', adapter);
  await make('ttyS0', board, '4');
  await make('ttyS1', board, '0');
  await make('tty0');

  const ports = await listOfSysfs(tty);
  expect(ports).toHaveLength(2);
  expect(ports).toContainEqual({
    path: '/dev/ttyUSB0',
    vendorId: '10c4',
    productId: 'ea60',
    vendor: 'Silicon Labs',
    product: 'CP2102N USB to UART Bridge',
    serialNumber: '0001',
    location: '1-2',
    interfaceNumber: '00',
  });
  expect(ports).toContainEqual({ path: '/dev/ttyS0' });
});

test('what can not be listed is no empty list', async () => {
  const file = join(await tempFolder(), 'file');
  await writeFile(file, '');
  await expect(listOfSysfs(file)).rejects.toMatchObject({ code: 'link.failed', exit: 6 });
});

test('a machine without serial ports has an empty list', async () => {
  expect(await listOfSysfs('/no/such/folder')).toEqual([]);
  expect(Array.isArray(await listSerialPorts())).toBe(true);
});
