import { expect, test } from 'vitest';
import { ROLES } from '../../../src/format/manifest.ts';
import { decodeGbl } from '../../../src/images/gbl/codec.ts';
import { beyondRole } from '../../../src/images/gbl/role.ts';
import { bytesOf, gblFile, prog } from './files.ts';

const of = (file: Uint8Array<ArrayBuffer>) => decodeGbl(file, { alignment: 4 });
const FILES = {
  bootloader: of(gblFile([['bootloader', bytesOf(16)]])),
  se: of(gblFile([['se-upgrade', bytesOf(16)]])),
  application: of(gblFile([['prog', prog(0x6000, bytesOf(8))]])),
};

test('a bootloader and an SE upgrade have a place in the roles below the application alone', () => {
  const allowed = ROLES.filter((role) => beyondRole(FILES.bootloader, role) === undefined);
  expect(allowed.toSorted()).toEqual(['apploader', 'bootloader', 'se']);
  for (const role of ROLES) {
    const free = allowed.includes(role);
    expect(beyondRole(FILES.bootloader, role)).toBe(free ? undefined : 'a bootloader');
    expect(beyondRole(FILES.se, role)).toBe(free ? undefined : 'an SE upgrade');
    expect(beyondRole(FILES.application, role)).toBeUndefined();
  }
});
