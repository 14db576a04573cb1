import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { jsonText } from '../../../src/cli/program.ts';
import type { ExitCode } from '../../../src/core/errors.ts';
import { version } from '../../../src/core/version.ts';
import { type JudgedFile, outcomeOf } from '../../../src/verify/render/findings.ts';
import { renderGithub } from '../../../src/verify/render/github.ts';
import { renderJunit } from '../../../src/verify/render/junit.ts';
import { sarifDocument } from '../../../src/verify/render/sarif.ts';
import { CASES } from './cases.ts';

/** Compared byte for byte. After a change that is meant: `DFUKIT_UPDATE_GOLDEN=1 npx vitest run test/verify/render`. */
const UPDATE = process.env.DFUKIT_UPDATE_GOLDEN === '1';

const exitOf = (files: readonly JudgedFile[]): ExitCode =>
  ([2, 3, 4, 5, 0] as const).find((exit) => files.some((one) => outcomeOf(one).exit === exit)) ?? 0;

/** In the files the version is `VERSION`: they stay the same from release to release. */
const FORMS: Readonly<Record<string, (files: readonly JudgedFile[]) => Promise<string>>> = {
  sarif: async (files) =>
    jsonText(await sarifDocument(files, exitOf(files))).replaceAll(
      `ersion": "${version}"`,
      'ersion": "VERSION"',
    ),
  xml: async (files) => renderJunit(files),
  annotations: async (files) => renderGithub(files),
};

test.each(Object.keys(CASES).flatMap((name) => Object.keys(FORMS).map((form) => [name, form] as const)))(
  '%s.%s is as it was',
  async (name, form) => {
    const text = await FORMS[form]!(await CASES[name]!());
    const file = new URL(`golden/${name}.${form}`, import.meta.url);
    if (UPDATE) await writeFile(file, text);
    expect(text).toBe(await readFile(file, 'utf8'));
    expect(UPDATE, 'the golden files were written anew; run again without DFUKIT_UPDATE_GOLDEN').toBe(false);
  },
);
