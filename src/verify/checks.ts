import type { ExitCode } from '../core/errors.ts';

/** How a package was judged; `trusted` and `accepted-unsigned` are the accepting ones. */
export const VERDICTS = [
  'trusted',
  'accepted-unsigned',
  'malformed',
  'corrupt',
  'unsigned',
  'untrusted',
  'refused',
] as const;
export type Verdict = (typeof VERDICTS)[number];
export type AcceptingVerdict = 'trusted' | 'accepted-unsigned';

/** The exit code of each verdict (docs/package-format.md, section 8). */
export const VERDICT_EXIT = {
  trusted: 0,
  'accepted-unsigned': 0,
  malformed: 3,
  corrupt: 3,
  unsigned: 4,
  untrusted: 4,
  refused: 5,
} as const satisfies Record<Verdict, ExitCode>;

/**
 * When a package can be accepted without this check being `pass`:
 *
 * - `always`: never.
 * - `signed`: when the operator chose `allow-unsigned`; it must then have been skipped on purpose.
 * - `told`: when what it compares with was not told; it must then have been skipped on purpose.
 */
export type Need = 'always' | 'signed' | 'told';

export interface CheckRule {
  readonly id: string;
  /** The step of docs/package-format.md, section 5, that it belongs to. */
  readonly step: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  /** The verdict when it fails. */
  readonly verdict: Exclude<Verdict, AcceptingVerdict>;
  readonly need: Need;
  /** Made once for every image of the manifest. */
  readonly perImage: boolean;
}

const once = { need: 'always', perImage: false } as const;
const eachImage = { step: 5, verdict: 'corrupt', need: 'always', perImage: true } as const;
const policy = { step: 7, verdict: 'refused', need: 'told', perImage: false } as const;

/** Every check there is, in the order in which it is made; the first that fails decides the verdict. */
export const CHECKS = [
  { id: 'container', step: 1, verdict: 'malformed', ...once },
  { id: 'signatures.present', step: 2, verdict: 'unsigned', need: 'signed', perImage: false },
  { id: 'signatures.form', step: 2, verdict: 'malformed', need: 'signed', perImage: false },
  { id: 'signatures.good', step: 3, verdict: 'untrusted', need: 'signed', perImage: false },
  { id: 'manifest', step: 4, verdict: 'malformed', ...once },
  { id: 'images.listed', step: 5, verdict: 'corrupt', ...once },
  { id: 'image.size', ...eachImage },
  { id: 'image.padding', ...eachImage },
  { id: 'image.crc32', ...eachImage },
  { id: 'image.sha256', ...eachImage },
  { id: 'image.structure', ...eachImage },
  { id: 'images.apart', step: 5, verdict: 'corrupt', ...once },
  { id: 'trust.rule', step: 6, verdict: 'untrusted', need: 'signed', perImage: false },
  { id: 'trust.validity', step: 6, verdict: 'refused', need: 'signed', perImage: false },
  { id: 'policy.package-id', ...policy },
  { id: 'policy.denied', ...policy },
  { id: 'policy.target', ...policy },
  { id: 'policy.hardware', ...policy },
  { id: 'policy.identifiers', ...policy },
  { id: 'policy.requires', ...policy },
  { id: 'policy.version', ...policy },
  { id: 'policy.minimum-version', ...policy },
  { id: 'policy.counter', ...policy },
  { id: 'policy.minimum-counter', ...policy },
  { id: 'policy.expiry', ...policy, need: 'always' },
  { id: 'policy.attestation', ...policy },
] as const satisfies readonly CheckRule[];

export type CheckId = (typeof CHECKS)[number]['id'];
