// A ZIP writer that does as it is told, also where no honest one would. It shares no code with dfukit.
import { crc32 } from 'node:zlib';

const record = (fields) => {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let offset = 0;
  for (const [width, value] of fields) {
    bytes.writeUIntLE(value >>> 0, offset, width);
    offset += width;
  }
  return bytes;
};

/** What both headers of an entry hold; `changes` replaces single fields of one of them. */
function headerFields(entry, changes = {}) {
  const content = entry.content;
  const value = {
    versionNeeded: 20,
    flags: 0,
    method: 0,
    time: 0,
    date: 0x21,
    crc32: crc32(content),
    compressedSize: content.length,
    size: content.length,
    extra: Buffer.alloc(0),
    name: entry.name,
    ...changes,
  };
  const name = Buffer.from(value.name, 'latin1');
  return {
    value,
    name,
    fields: [
      [2, value.versionNeeded],
      [2, value.flags],
      [2, value.method],
      [2, value.time],
      [2, value.date],
      [4, value.crc32],
      [4, value.compressedSize],
      [4, value.size],
      [2, value.nameLength ?? name.length],
      [2, value.extra.length],
    ],
  };
}

export function localHeader(entry, changes = {}) {
  const { fields, name, value } = headerFields(entry, { ...entry.both, ...entry.local, ...changes });
  return Buffer.concat([record([[4, 0x04034b50], ...fields]), name, value.extra]);
}

export function centralHeader(entry, offset) {
  const changes = { ...entry.both, ...entry.central };
  const { fields, name, value } = headerFields(entry, changes);
  const comment = changes.comment ?? Buffer.alloc(0);
  const bytes = record([
    [4, 0x02014b50],
    [2, changes.versionMadeBy ?? 0x14],
    ...fields,
    [2, comment.length],
    [2, changes.disk ?? 0],
    [2, changes.internalAttributes ?? 0],
    [4, changes.externalAttributes ?? 0],
    [4, changes.offset ?? offset],
  ]);
  return Buffer.concat([bytes, name, value.extra, comment]);
}

export function endRecord(count, directoryBytes, directoryOffset, changes = {}) {
  const comment = changes.comment ?? Buffer.alloc(0);
  const bytes = record([
    [4, 0x06054b50],
    [2, changes.disk ?? 0],
    [2, changes.directoryDisk ?? 0],
    [2, changes.diskEntries ?? count],
    [2, changes.entries ?? count],
    [4, changes.directoryBytes ?? directoryBytes],
    [4, changes.directoryOffset ?? directoryOffset],
    [2, changes.commentLength ?? comment.length],
  ]);
  return Buffer.concat([bytes, comment]);
}

/**
 * A ZIP file. An entry is { name, content } and, where it lies, `local`, `central` or `both` with the fields that
 * differ, `hidden` (not in the directory), `ghost` (only there), `after` (bytes behind its content).
 * `layout`: prefix, gap (before the directory), suffix, order (of the directory), end (fields of the end record).
 */
export function zip(entries, layout = {}) {
  const prefix = layout.prefix ?? Buffer.alloc(0);
  const files = [prefix];
  let offset = layout.countPrefix === false ? 0 : prefix.length;
  const offsets = new Map();
  for (const entry of entries) {
    if (entry.ghost) continue;
    const bytes = Buffer.concat([localHeader(entry), entry.content, entry.after ?? Buffer.alloc(0)]);
    offsets.set(entry, offset);
    files.push(bytes);
    offset += bytes.length;
  }
  const gap = layout.gap ?? Buffer.alloc(0);
  const listed = (layout.order?.(entries) ?? entries).filter((entry) => !entry.hidden);
  const directory = Buffer.concat(listed.map((entry) => centralHeader(entry, offsets.get(entry) ?? 0)));
  const end = endRecord(listed.length, directory.length, offset + gap.length, layout.end);
  return Buffer.concat([...files, gap, directory, end, layout.suffix ?? Buffer.alloc(0)]);
}
