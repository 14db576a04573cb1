// Builds everything that is published: validators, library (tsc), the three programs (esbuild), licence notices.
import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);

await import('./generate-validators.mjs');
await rm('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.lib.json'], {
  stdio: 'inherit',
});

const programs = ['dfu-pack', 'dfu-verify', 'dfu-flash'];
const { metafile } = await build({
  entryPoints: programs.map((name) => `src/cli/bin/${name}.ts`),
  outdir: 'dist/bin',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Native modules stay outside, and are loaded only where a port is opened.
  external: ['serialport', '@lydell/node-pty'],
  // commander and yaml are CommonJS: in an ES module they need a `require` for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
});
for (const name of programs) await chmod(`dist/bin/${name}.js`, 0o755);

await writeFile('dist/bin/THIRD-PARTY-NOTICES.md', await notices(Object.keys(metafile.inputs)));

/** The licences of the packages whose code is inside the bundles. */
async function notices(inputs) {
  const packages = new Set(
    inputs.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  const parts = ['# Third-party notices\n\nThe programs in `dist/bin` contain code of these packages.\n'];
  for (const name of [...packages].sort()) {
    const folder = `node_modules/${name}`;
    const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    const text = (await readFile(`${folder}/${file}`, 'utf8')).trim();
    parts.push(`## ${name} ${version} (${license})\n\n\`\`\`\n${text}\n\`\`\`\n`);
  }
  return parts.join('\n');
}
