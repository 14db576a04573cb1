import { expect, test } from 'vitest';
import { type DeviceDescription, readTerms, type VerifyOptions } from '../../src/verify/options.ts';
import { thrownBy } from '../support/codes.ts';
import { AT } from './fixture.ts';

const termsOf = (options: Partial<VerifyOptions>) => readTerms({ at: AT, ...options });

test('the last second that four digits of a year can write is a time to judge at, the next is not', async () => {
  const last = Date.parse('9999-12-31T23:59:59Z');
  expect(termsOf({ at: last }).at).toBe('9999-12-31T23:59:59Z');
  expect((await thrownBy(() => termsOf({ at: last + 1000 }))).code).toBe('usage.invalid');
  expect(termsOf({ at: 0 }).at).toBe('1970-01-01T00:00:00Z');
});

test.each<[string, Partial<VerifyOptions>, string]>([
  ['an empty product', { device: { product: '' } }, "the device's product can not be"],
  ['a product that is a number', { told: { product: 7 as never } }, "the device's product can not be"],
  ['hardware that is a list', { device: { hardware: ['A'] as never } }, "the device's hardware can not be"],
  [
    'identifiers that are text',
    { told: { identifiers: 'usb-id' as never } },
    "the device's identifiers can not be",
  ],
  ['a counter over 32 bits', { device: { installedCounter: 2 ** 32 } }, "device's installedCounter can not"],
  ['a counter as text', { device: { installedCounter: '1' as never } }, "device's installedCounter can not"],
  [
    'a bootloader version of five numbers',
    { device: { bootloaderVersion: '1.2.3.4.5' } },
    "the device's bootloaderVersion is 1 to 4 decimal numbers with dots",
  ],
  ['an apploader version of words', { told: { apploaderVersion: 'new' } }, 'is 1 to 4 decimal numbers'],
  ['an application version with a tag', { device: { applicationVersion: '1.0-rc' } }, 'is 1 to 4 decimal'],
  [
    'an installed version that is nearly one',
    { device: { installedVersion: 'v1.2' } },
    'is no SemVer 2.0.0; the nearest is 1.2.0',
  ],
  ['a package id within a longer text', { packageId: `x${'a'.repeat(64)}` }, '64 lower-case hex digits'],
  ['a package id with something behind it', { packageId: `${'a'.repeat(64)}\n` }, '64 lower-case hex digits'],
])('%s can not be judged by', async (_, options, message) => {
  const error = await thrownBy(() => termsOf(options));
  expect([error.code, error.exit]).toEqual(['usage.invalid', 2]);
  expect(error.message).toContain(message);
});

test('an installed version that is like none says nothing of a nearest', async () => {
  const { message } = await thrownBy(() => termsOf({ device: { installedVersion: 'x' } }));
  expect(message).toMatch(/is no SemVer 2\.0\.0$/);
});

test('the highest counter can be told', () => {
  const { device } = termsOf({ device: { installedCounter: 0xffffffff } });
  expect(device.installedCounter).toEqual({ value: 0xffffffff, source: 'operator' });
});

test('device and operator who say the same do not contradict each other', () => {
  const described: DeviceDescription = {
    product: 'p',
    installedCounter: 0,
    identifiers: [{ type: 'usb-id', value: '0001:0001' }],
  };
  const { device } = termsOf({ device: structuredClone(described), told: described });
  expect(device).toStrictEqual({
    product: { value: 'p', source: 'device' },
    installedCounter: { value: 0, source: 'device' },
    identifiers: { value: described.identifiers, source: 'device' },
  });
});

test('what is changed after the judgement began changes nothing', () => {
  const identifiers = [{ type: 'usb-id' as const, value: '0001:0001' }];
  const require = ['version' as const];
  const attestation = Uint8Array.of(1, 2);
  const terms = termsOf({ told: { identifiers }, require, attestation });
  identifiers[0]!.value = '0002:0002';
  require.pop();
  attestation.fill(0);
  expect(terms.device.identifiers?.value).toEqual([{ type: 'usb-id', value: '0001:0001' }]);
  expect([...terms.require]).toEqual(['version']);
  expect(terms.attestation).toEqual(Uint8Array.of(1, 2));
  expect([...termsOf({}).require]).toEqual([]);
});
