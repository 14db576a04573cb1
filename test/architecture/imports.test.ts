import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** What each room may import, besides itself: rooms, folders or single files below src/. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  crypto: ['core'],
  images: ['core'],
  link: ['core'],
  format: ['core', 'crypto'],
  pack: ['core', 'crypto', 'images', 'format'],
  verify: ['core', 'crypto', 'images', 'format'],
  inspect: ['core', 'crypto', 'images', 'format'],
  flash: ['core', 'link', 'images', 'format', 'verify/verified-package.ts'],
  sim: ['core', 'link', 'images/parts.ts', 'images/gbl/tags.ts', 'flash/*/wire.ts', 'flash/*/ble1xx-wire.ts'],
  node: ['core', 'crypto', 'link'],
  cli: ['core', 'crypto', 'images', 'format', 'link', 'pack', 'verify', 'inspect', 'flash', 'sim', 'node'],
};

/** The only packages from outside that a room may use. */
const PACKAGES: Record<string, readonly string[]> = {
  core: ['crc-32'],
  crypto: ['@noble/ed25519'],
  node: ['serialport', '@lydell/node-pty'],
  cli: ['commander', 'yaml'],
};

interface Import {
  file: string;
  room: string;
  target: string;
}

const imports: Import[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const room = file.includes('/') ? (file.split('/')[0] as string) : 'index';
    return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => {
      const target = match[1] as string;
      return { file, room, target: target.startsWith('.') ? posix.join(dirname(file), target) : target };
    });
  });
const inside = imports.filter(({ target }) => target.endsWith('.ts'));
const outside = imports.filter(({ target }) => !target.endsWith('.ts'));

const matches = (target: string, rule: string): boolean =>
  rule.endsWith('.ts')
    ? new RegExp(`^${rule.replace('.', '\\.').replace('*', '[^/]+')}$`).test(target)
    : target.startsWith(`${rule}/`);

describe('imports point one way', () => {
  test('the rooms are those of the architecture', () => {
    expect([...new Set(imports.map(({ room }) => room))].sort()).toEqual(
      [...Object.keys(ALLOWED), 'index'].sort(),
    );
  });

  test('a room imports only the rooms it may', () => {
    const bad = inside.filter(({ room, target }) => {
      if (room === 'index') return ['node', 'cli', 'sim'].some((door) => target.startsWith(`${door}/`));
      return !target.startsWith(`${room}/`) && !(ALLOWED[room] ?? []).some((rule) => matches(target, rule));
    });
    expect(bad).toEqual([]);
  });

  test('protocols never import each other', () => {
    const protocolOf = (path: string) => /^flash\/([^/]+)\//.exec(path)?.[1];
    expect(
      inside.filter(({ file, target }) => {
        const [from, to] = [protocolOf(file), protocolOf(target)];
        return from !== undefined && to !== undefined && from !== to;
      }),
    ).toEqual([]);
  });

  test('only node and cli use Node, and each room only its own packages', () => {
    const bad = outside.filter(({ room, target }) =>
      target.startsWith('node:') ? !['node', 'cli'].includes(room) : !(PACKAGES[room] ?? []).includes(target),
    );
    expect(bad).toEqual([]);
  });

  test('only verifyPackage makes verified packages', () => {
    const makers = inside
      .filter(({ target }) => target === 'verify/verified-package.ts')
      .filter(({ file }) => /\bmakeVerified\b/.test(readFileSync(join(SRC, file), 'utf8')))
      .map(({ file }) => file);
    expect([...new Set(makers)]).toEqual(['verify/verify.ts']);
  });

  test('only loadTrustFile makes trust files', () => {
    const makers = inside
      .filter(({ target }) => target === 'format/trust-file.ts')
      .filter(({ file }) => /\bmakeTrustFile\b/.test(readFileSync(join(SRC, file), 'utf8')))
      .map(({ file }) => file);
    expect([...new Set(makers)]).toEqual(['format/trust-file-load.ts']);
  });
});
