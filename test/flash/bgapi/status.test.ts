import { expect, test } from 'vitest';
import { describeStatus, findStatus } from '../../../src/flash/bgapi/status.ts';

test.each([
  [0x0046, '0x0046 SECURITY_IMAGE_CHECKSUM_ERROR: the image is damaged'],
  [0x0184, '0x0184 invalid_command: the command is not known'],
  [0x003e, '0x003e FLASH_ERASE_FAILED: flash could not be erased'],
  [0xbeef, '0xbeef (meaning not known)'],
])('code %i in words', (code, words) => {
  expect(describeStatus(code)).toContain(words);
});

test('codes whose meaning is not certain have none', () => {
  expect(findStatus(0x0a01)).toBeUndefined();
});
