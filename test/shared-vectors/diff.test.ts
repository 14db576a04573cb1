import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { decodeGbl, encodeGbl, programBytes } from '../../src/images/gbl/codec.ts';
import { diffFiles } from '../../src/inspect/diff.ts';

const FOLDER = new URL('../../../shared/vectors/gbl/', import.meta.url);
const NCP = 'skyconnect_zigbee_ncp_7.4.4.0.gbl';
const read = async (name: string): Promise<Bytes> => new Uint8Array(await readFile(new URL(name, FOLDER)));
const diff = (a: Bytes, b: Bytes) => diffFiles({ file: 'a', bytes: a }, { file: 'b', bytes: b });

test('a firmware of a vendor in another wrapping changes nothing in flash', async () => {
  const file = await read(NCP);
  const tags = decodeGbl(file).tags.slice(1, -1);
  const bare = encodeGbl(tags.filter(({ name }) => name !== 'metadata'));
  const { different, images } = await diff(file, bare);
  expect(different).toBe(true);
  expect(images[0]?.content).toMatchObject({ comparedBy: 'address', same: true, otherTags: ['metadata'] });
});

test('one byte changed in it is found at its address', async () => {
  const file = await read(NCP);
  const tags = decodeGbl(file).tags.slice(1, -1);
  const changed = encodeGbl(
    tags.map(({ name, payload }) => {
      if (name !== 'eraseprog') return { name, payload };
      const copy = concat([payload]);
      copy[4 + 0x1234] = (copy[4 + 0x1234] ?? 0) ^ 1;
      return { name, payload: copy };
    }),
  );
  expect((await diff(file, changed)).images[0]?.content).toMatchObject({
    bytes: { changed: 1, added: 0, removed: 0 },
    ranges: [{ change: 'changed', start: '0x00005234', length: 1, bytes: 1 }],
  });
});

test('two firmwares have as many bytes between them as a count by hand finds', async () => {
  const [a, b] = [await read('skyconnect_rcp_4.1.3.gbl'), await read(NCP)];
  const [old, now] = [a, b].map((file) => programBytes(decodeGbl(file))?.bytes ?? new Uint8Array(0));
  const shared = Math.min(old?.length ?? 0, now?.length ?? 0);
  let changed = 0;
  for (let i = 0; i < shared; i++) if (old?.[i] !== now?.[i]) changed++;
  const content = (await diff(a, b)).images[0]?.content;
  expect(content?.bytes).toEqual({
    changed,
    added: (now?.length ?? 0) - shared,
    removed: (old?.length ?? 0) - shared,
  });
  expect(content?.ranges[0]?.start).toBe('0x00004000');
});
