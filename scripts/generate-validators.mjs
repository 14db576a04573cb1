// Compiles the JSON Schemas to plain ESM validators, so that no program pays for ajv at start.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import Ajv2020 from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';

const TARGETS = [
  { schema: 'manifest-v1', out: 'src/format/manifest-validator.generated.ts' },
  { schema: 'recipe-v1', out: 'src/pack/recipe-validator.generated.ts' },
  { schema: 'trust-file-v1', out: 'src/format/trust-file-validator.generated.ts' },
];

const root = new URL('../', import.meta.url);
for (const { schema, out } of TARGETS) {
  // `unicode: false`: lengths count UTF-16 units, which for the printable ASCII of our texts is the same, and needs no helper.
  const ajv = new Ajv2020({
    code: { source: true, esm: true, lines: true },
    strict: true,
    unicode: false,
    // It only warns that the option above is deprecated; faults in a schema throw, since `strict` is true.
    logger: false,
    messages: true,
  });
  const source = JSON.parse(await readFile(new URL(`schemas/${schema}.schema.json`, root), 'utf8'));
  const code = standaloneCode(ajv, ajv.compile(source));
  if (/\brequire\(|from\s*["']/.test(code)) throw new Error(`${schema}: the validator needs ajv at run time`);
  const file = new URL(out, root);
  await mkdir(new URL('.', file), { recursive: true });
  const text = `// @ts-nocheck\n// Generated from schemas/${schema}.schema.json by scripts/generate-validators.mjs.\n${code}`;
  const old = await readFile(file, 'utf8').catch(() => '');
  if (old !== text) await writeFile(file, text);
}
