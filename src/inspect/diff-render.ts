import { counted, printableLine, shown } from '../core/text.ts';
import type {
  ContentDifference,
  Difference,
  DiffFile,
  DiffImage,
  DiffRange,
  FieldChange,
  FieldValue,
  Holding,
  ImageDifference,
  NoAddressReason,
} from './diff-document.ts';

/** Stands beside every claim. */
const CLAIM = '  [not verified]';
/** Lines of one list; what goes beyond is counted. */
const MAX_LINES_SHOWN = 12;
/** Follow from the image, which is told of in better words. */
const DERIVED: readonly string[] = ['startAddress', 'sourceSize', 'sourceSha256', 'size', 'crc32', 'sha256'];

/** A difference for a person: lines of printable ASCII, each claim marked as such. `all` leaves out nothing. */
export function renderDifference(difference: Difference, options: { all?: boolean } = {}): string {
  const { all = false } = options;
  const { manifest, signers, images, problems, pageSize } = difference;
  const fields = manifest?.fields ?? [];
  const lines = [
    `old: ${fileLine(difference.old)}`,
    `new: ${fileLine(difference.new)}`,
    'NOT VERIFIED: what differs was computed; what manifests and signatures say is a claim, whoever made it.',
    ...(fields.length === 0 ? [] : ['manifest:', ...cut(fields.map(fieldLine), all)]),
    ...(signers === undefined ? [] : signerLines(signers)),
    ...images.flatMap((image) => imageLines(image, all)),
    ...(pageSize?.part === undefined || !images.some(({ content }) => content?.pages !== undefined)
      ? []
      : [`page size: ${counted(pageSize.bytes, 'byte')}, of the part ${shown(pageSize.part)}${CLAIM}`]),
    ...problems.map(({ side, code, message }) => `Not sound: ${side}: ${message} [${code}]`),
    ...conclusion(difference),
  ];
  return `${lines.map(printableLine).join('\n')}\n`;
}

function fileLine({ file, kind, size, package: about }: DiffFile): string {
  const claims = about && `${shown(about.name)} ${shown(about.version)}${CLAIM}`;
  const kinds = { package: 'a package', raw: 'a raw binary', gbl3: 'a GBL v3 file' };
  return `${shown(file)}: ${kinds[kind]}, ${counted(size, 'byte')}${claims === undefined ? '' : `, ${claims}`}`;
}

function conclusion({ different, manifest, signers, images }: Difference): string[] {
  if (images.some(({ holding }) => holding !== undefined)) return [];
  if (!different) return ['The two are the same, byte for byte.'];
  const told =
    (manifest?.fields.length ?? 0) > 0 ||
    (signers?.added.length ?? 0) + (signers?.removed.length ?? 0) > 0 ||
    images.some(({ change }) => change !== 'same');
  return told ? [] : ['Only the signatures differ, by the same keys.'];
}

function signerLines({ added, removed, same }: NonNullable<Difference['signers']>): string[] {
  if (added.length + removed.length + same.length === 0) return ['signatures: none in either'];
  return [
    'signatures, by the key that each says:',
    ...added.map((keyId) => `  added    ${shown(keyId)}${CLAIM}`),
    ...removed.map((keyId) => `  removed  ${shown(keyId)}${CLAIM}`),
    ...same.map((keyId) => `  in both  ${shown(keyId)}${CLAIM}`),
  ];
}

function fieldLine({ path, change, old, new: now }: FieldChange): string {
  const name = `  ${shown(path)}: `;
  if (change === 'added') return `${name}added, ${value(now)}${CLAIM}`;
  if (change === 'removed') return `${name}removed, was ${value(old)}${CLAIM}`;
  return `${name}${value(old)} -> ${value(now)}${CLAIM}`;
}

function value(field: FieldValue | undefined): string {
  return shown(typeof field === 'object' ? JSON.stringify(field) : String(field));
}

function imageLines(image: ImageDifference, all: boolean): string[] {
  const { name, change, old, new: now, fields = [], moved, resized, content, holding } = image;
  const title = name === undefined ? 'images' : `image ${shown(name)}`;
  const lone = change === 'added' ? now : change === 'removed' ? old : undefined;
  if (lone !== undefined) return [`${title}: ${change}, ${aboutImage(lone)}`];
  if (holding !== undefined) {
    const claim = `source SHA-256 in the manifest: ${holding.sourceSha256 === 'same' ? 'that of the image' : 'another'}${CLAIM}`;
    const held = holding.held;
    const more = held === 'no' || held === 'same-data' ? contentLines(content, all) : [];
    return [`${title}: ${HELD[held]}`, `  ${claim}`, ...more];
  }
  if (change === 'same') {
    return [`${title}: the same bytes${name === undefined ? '' : ', and the same in the manifest'}`];
  }
  const listed = all ? fields : fields.filter(({ path }) => !DERIVED.includes(path));
  return [
    `${title}: differs`,
    ...cut(listed.map(fieldLine), all),
    ...(old?.format === now?.format ? [] : [`  format: ${old?.format} -> ${now?.format}`]),
    ...(resized === undefined ? [] : [`  size: ${resized.old} -> ${counted(resized.new, 'byte')}`]),
    ...(moved === undefined
      ? []
      : [
          `  start address: ${moved.old} -> ${moved.new}, with ${moved.sameBytes ? 'the same' : 'other'} bytes`,
        ]),
    ...contentLines(content, all),
  ];
}

const HELD: Readonly<Record<Holding, string>> = {
  exact: 'holds exactly this image',
  'before-padding': 'holds this image, padded',
  'before-wrapping': 'holds this image, wrapped into a GBL file',
  'same-data': 'holds another file that programs the same data',
  no: 'does NOT hold this image',
};

function aboutImage({ format, size, startAddress }: DiffImage): string {
  const place = startAddress === undefined ? '' : ` at ${startAddress}`;
  return `${format}, ${counted(size, 'byte')}${place}`;
}

const REASON: Readonly<Record<NoAddressReason, string>> = {
  encrypted: 'the data is encrypted',
  compressed: 'the data is compressed',
  delta: 'a delta needs what is in flash',
  'not-sound': 'a GBL file is not sound',
  'no-program-data': 'a GBL file programs nothing by address',
  'no-address': 'nobody says where a raw binary goes',
};

function contentLines(content: ContentDifference | undefined, all: boolean): string[] {
  if (content === undefined) return [];
  const { comparedBy, reason, same, bytes, ranges, pages, otherTags = [] } = content;
  const why = reason === undefined ? '' : ` (${REASON[reason]})`;
  if (comparedBy === 'nothing') return [`  could not be compared${why}`];
  const what = comparedBy === 'address' ? 'flash, by address' : `bytes, by offset in the file${why}`;
  const tags = otherTags.length === 0 ? [] : [`  outside of that, GBL tags differ: ${otherTags.join(', ')}`];
  if (same) return [`  ${what}: no difference`, ...tags];
  const { changed, added, removed } = bytes;
  const sums = `${counted(changed, 'byte')} changed, ${added} added, ${removed} removed`;
  const paged = pages === undefined ? '' : `; in ${counted(pages.count, 'page')} of ${pages.pageBytes} bytes`;
  return [
    `  ${what}: ${sums}${paged}`,
    ...cut(ranges.map(rangeLine), all),
    ...(pages === undefined ? [] : ['  pages:', ...cut(pages.runs.map(pageLine), all)]),
    ...tags,
  ];
}

function rangeLine({ change, start, length, bytes }: DiffRange): string {
  const partly = bytes === length ? '' : `, ${bytes} of them`;
  return `    ${start}: ${counted(length, 'byte')}${partly} ${change}`;
}

function pageLine({ start, pages, count }: NonNullable<ContentDifference['pages']>['runs'][number]): string {
  return `    ${start}: ${counted(pages, 'page')}${count === pages ? '' : `, ${count} of them with a difference`}`;
}

function cut(lines: readonly string[], all: boolean): readonly string[] {
  // One line that says "1 more" tells less than the one it would stand for.
  if (all || lines.length <= MAX_LINES_SHOWN + 1) return lines;
  return [
    ...lines.slice(0, MAX_LINES_SHOWN),
    `    and ${lines.length - MAX_LINES_SHOWN} more: list them with --all`,
  ];
}
