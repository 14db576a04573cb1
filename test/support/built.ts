import { execFileSync } from 'node:child_process';

/** Tests of the programs run what users run: the built ones, always of the sources as they stand. */
export default function buildOnce(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
