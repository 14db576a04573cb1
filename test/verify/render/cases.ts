import { DfuError } from '../../../src/core/errors.ts';
import { shown } from '../../../src/core/text.ts';
import type { VerifyOptions } from '../../../src/verify/options.ts';
import type { JudgedFile } from '../../../src/verify/render/findings.ts';
import type { Trust } from '../../../src/verify/trust.ts';
import { verifyPackage } from '../../../src/verify/verify.ts';
import { AT, SAMPLE_IMAGE, type Sample, samplePackage, testKey } from '../fixture.ts';

/** What a log, a terminal, XML, JSON, a URI and a CI runner could each take for something else than text. */
export const HOSTILE = [
  '\x1b]0;owned\x07\x1b[2J',
  ']]><evil a="b" c=\'d\'>&amp;&#0;',
  '\n::set-output name=a::b',
  '\r\n::error file=x,line=1::y%0A::stop-commands::z',
  ' ::add-mask::x',
  '##[add-mask]x ##vso[task.setvariable variable=a]b ##teamcity[x]',
  '100%25 a:b,c {0} [here](http://example.com) `id` $(id) "\'',
  '\ud800 lone \udfff \u202e \u2028 \x85 \x9b31m \0 \ufffe \uffff',
].join('|');

const key = await testKey(1);
const byKey: Trust = { kind: 'keys', keys: [key.public] };

async function judged(
  file: string,
  sample: Sample = {},
  options: Partial<VerifyOptions> = {},
  trust = byKey,
): Promise<JudgedFile> {
  const bytes = await samplePackage({ keys: [key], ...sample });
  return { file, report: (await verifyPackage(bytes, trust, { at: AT, ...options })).report };
}

const twoImages = [{ bytes: SAMPLE_IMAGE }, { bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }];
const missing = new DfuError('input.not-found', 'there is no file gone.dfupkg', {
  facts: { file: 'gone.dfupkg' },
});

/** Each is rendered in every form and compared with its files in `golden/`. */
export const CASES: Readonly<Record<string, () => Promise<JudgedFile[]>>> = {
  trusted: async () => [await judged('thermo-1.2.0.dfupkg')],
  'accepted-unsigned': async () => [
    await judged('build/a b.dfupkg', { keys: [] }, {}, { kind: 'allow-unsigned' }),
  ],
  several: async () => [
    await judged('./good.dfupkg'),
    await judged('/srv/unsigned.dfupkg', { keys: [] }),
    await judged('corrupt.dfupkg', { images: twoImages }),
    await judged('other.dfupkg', {}, { device: { product: 'acme-pump', installedVersion: '2.0.0' } }),
    { file: 'malformed.dfupkg', report: (await verifyPackage(new Uint8Array(3), byKey, { at: AT })).report },
    { file: 'gone.dfupkg', error: missing },
  ],
  hostile: async () => {
    const corrupt = await judged(`C:\\${HOSTILE}`, { images: twoImages });
    if (!('report' in corrupt)) throw new Error('it was not judged');
    const { report } = corrupt;
    if (report.package === undefined) throw new Error('its manifest was not read');
    const message = shown(HOSTILE);
    const files: JudgedFile[] = [
      corrupt,
      {
        // Nothing that reaches a report is as raw as this; the renderers do not rely on it.
        file: HOSTILE,
        path: `../${HOSTILE}`,
        report: {
          ...report,
          warnings: [HOSTILE],
          package: { ...report.package, name: HOSTILE, product: HOSTILE, vendor: HOSTILE },
          checks: report.checks.map((check) => ({
            ...check,
            message: HOSTILE,
            ...(check.image === undefined ? {} : { image: HOSTILE }),
            ...(check.status === 'fail' ? { cure: HOSTILE, facts: { found: HOSTILE } } : {}),
          })),
        },
      },
      { file: HOSTILE, error: new DfuError('input.unreadable', HOSTILE, { cure: HOSTILE }) },
      { file: message, error: new DfuError('input.unreadable', message) },
    ];
    return files;
  },
};
