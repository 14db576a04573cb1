// Writes verdicts.json beside a release's cases, once: `node test/vectors/golden/record.mjs v0.1`. It refuses where the
// verdict is not the one that was set down by hand, and where there is a verdicts.json already: what a release said stays.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL(`./${process.argv[2]}`, import.meta.url));
if (existsSync(`${folder}/verdicts.json`)) throw new Error(`${folder}/verdicts.json is there already`);
const bundle = fileURLToPath(new URL('../../../node_modules/.cache/golden/judge.mjs', import.meta.url));
mkdirSync(new URL('../../../node_modules/.cache/golden/', import.meta.url), { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL('../../verify/golden.ts', import.meta.url))],
  bundle: true,
  outfile: bundle,
  format: 'esm',
  platform: 'node',
  packages: 'external',
});
const { goldenFolder, judgeGolden } = await import(bundle);
const verdicts = {};
for (const golden of JSON.parse(readFileSync(`${folder}/cases.json`, 'utf8')).packages) {
  const found = await judgeGolden(goldenFolder(folder), golden);
  if (found.verdict !== golden.verdict || found.code !== golden.code) {
    throw new Error(`${golden.name}: ${found.verdict} ${found.code}, not ${golden.verdict} ${golden.code}`);
  }
  verdicts[golden.name] = found;
}
writeFileSync(`${folder}/verdicts.json`, `${JSON.stringify(verdicts, null, 2)}\n`);
