// Installs what the tests need: npm packages, and the programs that judge our files from outside.
// Uses Node's own modules only, since it runs before anything is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

installPackages();
installJudges();

function installPackages() {
  // npm writes this file at the end of an install; `npm ls` finds what is missing or of another version.
  const probe = spawnSync('npm', ['ls', '--all', '--silent'], {
    stdio: 'ignore',
    shell: process.platform === 'win32',
  });
  if (existsSync('node_modules/.package-lock.json') && probe.status === 0) return;
  execFileSync('npm', ['ci'], { stdio: 'inherit', shell: process.platform === 'win32' });
}

function installJudges() {
  const judges = {
    openssl: 'openssl',
    unzip: 'unzip',
    python3: 'python3',
    ...tokens(),
    ...serialServers(),
    ...xmodem(),
  };
  const missing = Object.keys(judges).filter(
    (name) => !isThere(name) && !(name === 'python3' && isThere('python')),
  );
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    execFileSync('apt-get', ['update'], { stdio: 'inherit' });
    execFileSync(
      'apt-get',
      ['install', '-y', '--no-install-recommends', ...missing.map((name) => judges[name])],
      {
        stdio: 'inherit',
      },
    );
    return;
  }
  const packages = missing.map((name) => (judges[name] === name ? name : `${name} (${judges[name]})`));
  console.error(`The tests compare with other programs; please install: ${packages.join(', ')}`);
  process.exit(1);
}

/** A PKCS#11 token in software, and the tool for tokens; their test runs on Linux alone. By program, Debian's packages. */
function tokens() {
  return process.platform === 'linux' ? { 'softhsm2-util': 'softhsm2', 'pkcs11-tool': 'opensc' } : {};
}

/** Servers of RFC 2217; their test runs on Linux alone. */
function serialServers() {
  return process.platform === 'linux' ? { 'pyserial-miniterm': 'python3-serial', ser2net: 'ser2net' } : {};
}

/** Debian's XMODEM, which comes with its other half, `rx`; its test runs on Linux alone. */
function xmodem() {
  return process.platform === 'linux' ? { sx: 'lrzsz' } : {};
}

function isThere(program) {
  return (
    spawnSync(program, [program === 'unzip' ? '-v' : program === 'openssl' ? 'version' : '--version'], {
      stdio: 'ignore',
    }).error === undefined
  );
}
