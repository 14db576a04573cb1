import { readFileSync } from 'node:fs';
import type { Bytes } from '../../src/core/bytes.ts';
import { DfuError } from '../../src/core/errors.ts';
import { decodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { decodeTrustFile } from '../../src/format/trust-file-load.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { updateTrustFile } from '../../src/verify/trust-update.ts';
import { verifyPackage } from '../../src/verify/verify.ts';

/** A package of an earlier release or this one, and what it is judged by. */
export interface GoldenPackage {
  name: string;
  file: string;
  attestation?: string;
  trust: { kind: 'keys'; keys: string[] } | { kind: 'file'; file: string } | { kind: 'allow-unsigned' };
  options: VerifyOptions;
  /** Set down by hand. */
  verdict: string;
  code?: string;
}

/** A chain of trust files, and the version or the code that it ends in. */
export interface GoldenUpdate {
  name: string;
  current: string;
  chain: { file: string; signatures?: string }[];
  at: string;
  result: { version: number } | { code: string };
}

export interface GoldenCases {
  packages: GoldenPackage[];
  updates: GoldenUpdate[];
}

/** One line a check: `image.sha256 application: pass`, `policy.expiry: policy.expired`. */
export interface GoldenVerdict {
  verdict: string;
  code?: string;
  exit: number;
  checks: string[];
}

/** Files of one release's folder. */
export interface GoldenFolder {
  read(file: string): Bytes;
}

export function goldenFolder(path: string): GoldenFolder {
  return { read: (file) => new Uint8Array(readFileSync(`${path}/${file}`)) };
}

export async function judgeGolden({ read }: GoldenFolder, golden: GoldenPackage): Promise<GoldenVerdict> {
  const { report, verified } = await verifyPackage(read(golden.file), await trustOf(read, golden.trust), {
    ...golden.options,
    ...(golden.attestation === undefined ? {} : { attestation: read(golden.attestation) }),
  });
  const { verdict, code, exit } = report;
  if ((exit === 0) !== (verified !== undefined))
    throw new Error(`${golden.name}: ${verdict} contradicts itself`);
  return {
    verdict,
    ...(code === undefined ? {} : { code }),
    exit,
    checks: report.checks.map(
      (check) =>
        `${check.id}${check.image === undefined ? '' : ` ${check.image}`}: ${check.code ?? check.status}`,
    ),
  };
}

async function trustOf(read: GoldenFolder['read'], trust: GoldenPackage['trust']): Promise<Trust> {
  switch (trust.kind) {
    case 'keys': {
      const pems = trust.keys.map((file) => new TextDecoder().decode(read(file)));
      return { kind: 'keys', keys: await Promise.all(pems.map(decodePublicKeyPem)) };
    }
    case 'file':
      return { kind: 'file', file: await decodeTrustFile(read(trust.file)) };
    case 'allow-unsigned':
      return { kind: 'allow-unsigned' };
  }
}

export async function updateGolden(
  { read }: GoldenFolder,
  golden: GoldenUpdate,
): Promise<GoldenUpdate['result']> {
  const current = await decodeTrustFile(read(golden.current));
  const chain = golden.chain.map(({ file, signatures }) => ({
    bytes: read(file),
    ...(signatures === undefined ? {} : { signatures: read(signatures) }),
  }));
  try {
    const { file } = await updateTrustFile(current, chain, { atMs: Date.parse(golden.at) });
    return { version: file.document.version };
  } catch (error) {
    if (error instanceof DfuError) return { code: error.code };
    throw error;
  }
}
