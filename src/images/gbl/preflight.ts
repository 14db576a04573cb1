import { hex32 } from '../../core/bytes.ts';
import type { Part } from '../parts.ts';
import type { Gbl, GblProgram } from './codec.ts';

/** What a bootloader accepts and yet makes no running application of. */
export type GblFindingRule =
  | 'page-not-erased'
  | 'not-word-aligned'
  | 'outside-application'
  | 'bootloader-with-application'
  | 'needs-decompression';

export interface GblFinding {
  readonly rule: GblFindingRule;
  /** A whole sentence without its full stop. */
  readonly message: string;
  readonly address?: number;
}

/** The smallest page of the parts known: an address within one lies within a page everywhere. */
const SMALLEST_PAGE_BYTES = 2048;
const WORD_BYTES = 4;

/**
 * Looks a GBL over for what bootloaders take without a word and what then does not start. None of it makes the file
 * wrong: a part may have other page sizes, a bootloader more abilities. At most one finding a rule.
 *
 * Source: the flash writing of `btl_gbl_parser.c` and `btl_bootload.c` (gecko_sdk).
 */
export function preflightGbl(gbl: Gbl, part?: Part): GblFinding[] {
  const { programs } = gbl;
  const findings = [
    pageNotErased(programs, part?.pageBytes ?? SMALLEST_PAGE_BYTES),
    notWordAligned(programs),
    part && outsideApplication(programs, part),
    bootloaderWithApplication(gbl),
    needsDecompression(gbl),
  ];
  return findings.filter((finding) => finding !== undefined);
}

/** A bootloader erases the pages that begin inside a tag's data; whatever begins within a page needs one erased before. */
function pageNotErased(programs: readonly GblProgram[], pageBytes: number): GblFinding | undefined {
  const erased = new Set<number>();
  for (const { address, data, compression } of programs) {
    const page = address - (address % pageBytes);
    if (address !== page && !erased.has(page)) {
      const message = `the program tag for ${hex32(address)} begins within a page of flash that nothing before it erases`;
      return { rule: 'page-not-erased', message, address };
    }
    // How far compressed data goes is not known, nor then what it erases.
    if (compression !== 'none') return undefined;
    for (let at = page; at < address + data.length; at += pageBytes) erased.add(at);
  }
  return undefined;
}

function notWordAligned(programs: readonly GblProgram[]): GblFinding | undefined {
  const odd = programs.find(({ address }) => address % WORD_BYTES !== 0);
  if (!odd) return undefined;
  const message = `the program tag for ${hex32(odd.address)} does not begin on a word of flash`;
  return { rule: 'not-word-aligned', message, address: odd.address };
}

function outsideApplication(programs: readonly GblProgram[], part: Part): GblFinding | undefined {
  const starts = part.layouts.map(({ applicationStart }) => applicationStart);
  const from = starts.reduce((least, start) => Math.min(least, start));
  const to = part.flashBase + part.flashBytes;
  const outside = programs.find(
    ({ address, data, compression }) =>
      address < from || address + (compression === 'none' ? data.length : 1) > to,
  );
  if (!outside) return undefined;
  const message =
    `the program tag for ${hex32(outside.address)} leaves ${hex32(from)} to ${hex32(to - 1)}, ` +
    `where applications lie on ${part.name}; bootloaders skip the rest without a word`;
  return { rule: 'outside-application', message, address: outside.address };
}

function bootloaderWithApplication({ bootloader, programs }: Gbl): GblFinding | undefined {
  if (!bootloader || programs.length === 0) return undefined;
  const message =
    'the file holds a bootloader and an application; bootloaders without storage take them in two files, the bootloader first';
  return { rule: 'bootloader-with-application', message };
}

function needsDecompression({ programs, deltas }: Gbl): GblFinding | undefined {
  const packed = programs.find(({ compression }) => compression !== 'none');
  if (!packed && deltas.length === 0) return undefined;
  const message = `the file holds ${packed ? `${packed.compression} data` : 'a delta'}; the bootloader must have been built with that component`;
  return { rule: 'needs-decompression', message };
}
