// Builds everything that is published: validators, library (tsc), the three programs (esbuild), licence notices.
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { makeCodeCaches } from './code-cache.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);

await import('./generate-validators.mjs');
await rm('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.lib.json'], {
  stdio: 'inherit',
});

const PROGRAMS = ['dfu-pack', 'dfu-verify', 'dfu-flash'];
/**
 * Loaded when asked for, from a file of its own beside the programs: large, and seldom needed. They import nothing of ours:
 * what is in two files is there twice, and an error of the one is no DfuError to the other.
 */
const APART = {
  'yaml-library': 'src/cli/yaml-library.ts',
  'recipe-validator': 'src/pack/recipe-validator.generated.ts',
  'trust-file-validator': 'src/format/trust-file-validator.generated.ts',
};

// Start-up is most of what these programs take. One CommonJS file each loads faster than ES modules in many chunks;
// without white space there is less to read. Names stay as they are: stack traces are readable.
const { metafile } = await build({
  entryPoints: {
    ...Object.fromEntries(PROGRAMS.map((name) => [`${name}.program`, `src/cli/bin/${name}.ts`])),
    ...APART,
  },
  outdir: 'dist/bin',
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  // Code that V8 is handed compiled can not import; what is loaded later is CommonJS.
  supported: { 'dynamic-import': false },
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  // Native modules stay outside, and are loaded only where a port is opened.
  external: ['serialport', '@lydell/node-pty'],
  plugins: [filesApart(), withoutChildProcesses()],
  metafile: true,
  logLevel: 'warning',
});
await writeFile('dist/bin/package.json', '{"type":"commonjs"}\n');
for (const name of PROGRAMS) {
  await copyFile('scripts/launcher.cjs', `dist/bin/${name}.js`);
  await chmod(`dist/bin/${name}.js`, 0o755);
}
makeCodeCaches('dist/bin');

await writeFile('dist/bin/THIRD-PARTY-NOTICES.md', await notices(Object.keys(metafile.inputs)));

function filesApart() {
  const names = new Map(Object.entries(APART).map(([name, file]) => [resolve(file), name]));
  return {
    name: 'files-apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        const name = kind === 'entry-point' ? undefined : names.get(resolve(resolveDir, path));
        return name === undefined ? undefined : { path: `./${name}.js`, external: true };
      });
    },
  };
}

/** commander loads node:child_process for subcommands that are programs of their own; we have none, and it costs 3 ms. */
function withoutChildProcesses() {
  return {
    name: 'without-child-processes',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
        importer.includes('commander') ? { path: 'none', namespace: 'none' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

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
