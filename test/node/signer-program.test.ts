import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../src/core/bytes.ts';
import { systemClock } from '../../src/core/clock.ts';
import { within } from '../../src/core/wait.ts';
import { isLowSSignature } from '../../src/crypto/ecdsa-signature.ts';
import { verifySignature } from '../../src/crypto/signature.ts';
import { type SignerProgram, signByProgram } from '../../src/node/signer-program.ts';
import { testKeyPem, testSigner } from '../pack/fixture.ts';
import { thrownBy } from '../support/codes.ts';
import { newP256KeyPair } from '../support/p256.ts';
import { tempFolder } from '../support/temp.ts';

const MESSAGE = utf8('bytes to sign\n\0');
const { key } = await testSigner(1);

/** A program, in Node's language, that has the message in `message` and can `sign` it. */
const PRELUDE = `
const { createPrivateKey, sign: signWith } = require('node:crypto');
const { readFileSync, writeSync } = require('node:fs');
const sign = (message) => signWith(null, message, createPrivateKey(${JSON.stringify(testKeyPem(1))}));
`;
const GOOD = 'writeSync(1, sign(readFileSync(0)));';

const nodeProgram = (code: string, ...args: string[]): SignerProgram => ({
  program: process.execPath,
  args: ['-e', PRELUDE + code, '--', ...args],
  cwd: process.cwd(),
  name: 'signer',
  key,
});

function run(signer: SignerProgram, { ms = 20_000, signal = new AbortController().signal } = {}) {
  return signByProgram(signer, MESSAGE, within(ms, { clock: systemClock, signal }));
}

const refusal = (signer: SignerProgram, options = {}) => thrownBy(() => run(signer, options));

describe('a program that signs', () => {
  test('gets the message on stdin, and its answer is the signature', async () => {
    const signature = await run(nodeProgram(GOOD));
    expect(await verifySignature(key, MESSAGE, signature)).toBe(true);
  });

  test('may answer for a P-256 key with either value of s', async () => {
    const pair = await newP256KeyPair();
    let answer = pair.signAnyS(MESSAGE);
    while (isLowSSignature(answer)) answer = pair.signAnyS(MESSAGE);
    const code = `writeSync(1, Buffer.from('${toHex(answer)}', 'hex'));`;
    const signature = await run({ ...nodeProgram(code), key: pair.key });
    expect(await verifySignature(pair.key, MESSAGE, signature)).toBe(true);
    const wrong = await refusal({ ...nodeProgram('writeSync(1, Buffer.alloc(64))'), key: pair.key });
    expect(wrong.code).toBe('pack.signer-signature');
  });

  test('gets its arguments as they are, in its folder, and no shell reads them', async () => {
    const cwd = await tempFolder();
    const args = ['a b', '$HOME', '"; exit 7 #', '*', '--pin=%PATH%', ''];
    const code = `
      const same = JSON.stringify(process.argv.slice(1)) === ${JSON.stringify(JSON.stringify(args))};
      if (!same || require('node:fs').realpathSync('.') !== require('node:fs').realpathSync(${JSON.stringify(cwd)})) process.exit(9);
      ${GOOD}`;
    await expect(run({ ...nodeProgram(code, ...args), cwd })).resolves.toHaveLength(64);
  });

  test('may answer in pieces, and talk on stderr as much as it likes', async () => {
    const code = `
      const s = sign(readFileSync(0));
      writeSync(2, 'x'.repeat(200000));
      writeSync(1, s.subarray(0, 10));
      setTimeout(() => writeSync(1, s.subarray(10)), 20);`;
    await expect(run(nodeProgram(code))).resolves.toHaveLength(64);
  });

  test.each([
    [
      'that is not there',
      { ...nodeProgram(''), program: 'dfukit-no-such-signer' },
      'pack.signer-not-started',
      'ENOENT',
    ],
    [
      'that is a folder',
      { ...nodeProgram(''), program: join(process.cwd(), 'src') },
      'pack.signer-not-started',
      'EACCES',
    ],
    ['with a zero byte in an argument', nodeProgram(GOOD, 'secret\0pin'), 'pack.signer-not-started', ''],
    ['that fails', nodeProgram('process.exit(3)'), 'pack.signer-failed', 'exit code 3 and said nothing'],
    [
      'that fails after it signed',
      nodeProgram(`${GOOD} writeSync(2, 'token is \\x1b[31mgone\\n'); process.exitCode = 1;`),
      'pack.signer-failed',
      'token is \\x1b[31mgone',
    ],
    ['that says nothing', nodeProgram('readFileSync(0)'), 'pack.signer-output', 'wrote 0 bytes'],
    ['that says too little', nodeProgram('writeSync(1, Buffer.alloc(63))'), 'pack.signer-output', '63 bytes'],
    [
      'that says too much',
      nodeProgram('writeSync(1, Buffer.alloc(65))'),
      'pack.signer-output',
      'more than 64',
    ],
    [
      'that answers in hex',
      nodeProgram('writeSync(1, sign(readFileSync(0)).toString("hex"))'),
      'pack.signer-output',
      'more than 64',
    ],
    [
      'that signs something else',
      nodeProgram('writeSync(1, sign(Buffer.alloc(3)))'),
      'pack.signer-signature',
      key.keyId,
    ],
    [
      'that closes stdin and says nothing',
      nodeProgram('require("node:fs").closeSync(0)'),
      'pack.signer-output',
      '',
    ],
  ] as const)('%s is refused', async (_, signer, code, said) => {
    if (process.platform === 'win32' && said === 'EACCES') return;
    const error = await refusal(signer);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(said)]);
    expect(error.message).toContain('signer');
    expect(error.message).not.toContain('PRIVATE');
    expect(error.cause).toBeUndefined();
  });

  test('shows the end of what it said, and not more than fits a line', async () => {
    const { message } = await refusal(
      nodeProgram(`writeSync(2, 'x'.repeat(70000) + 'PIN is locked'); process.exit(1)`),
    );
    expect(message).toMatch(/x+PIN is locked$/);
    expect(message.length).toBeLessThan(400);
  });

  test('that never ends is ended in time', async () => {
    const started = performance.now();
    const error = await refusal(nodeProgram('setInterval(() => {}, 1000)'), { ms: 300 });
    expect(error.code).toBe('pack.signer-timeout');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('is ended by Ctrl-C', async () => {
    const controller = new AbortController();
    const running = refusal(nodeProgram('setInterval(() => {}, 1000)'), { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect((await running).code).toBe('run.interrupted');
  });

  test('that writes without end is ended at once', async () => {
    const error = await refusal(nodeProgram('for (;;) writeSync(1, Buffer.alloc(65536))'));
    expect(error.code).toBe('pack.signer-output');
  });

  test('that a message larger than any pipe does not reach is no crash', async () => {
    const wait = within(20_000, { clock: systemClock, signal: new AbortController().signal });
    const error = await thrownBy(() => signByProgram(nodeProgram(''), new Uint8Array(4 * 2 ** 20), wait));
    expect(error.code).toBe('pack.signer-output');
  });
});

const testOnUnix = process.platform === 'win32' ? () => {} : test;

testOnUnix('a program that a signal ends is refused', async () => {
  const error = await refusal(nodeProgram("process.kill(process.pid, 'SIGSEGV')"));
  expect([error.code, error.facts.signal]).toEqual(['pack.signer-killed', 'SIGSEGV']);
});

testOnUnix('a program that will not end is killed, and what it left behind is not waited for', async () => {
  const code = `
    process.on('SIGTERM', () => {});
    require('node:child_process').spawn('sleep', ['5'], { stdio: 'inherit' });
    setInterval(() => {}, 1000);`;
  const started = performance.now();
  const error = await refusal(nodeProgram(code), { ms: 500 });
  expect(error.code).toBe('pack.signer-timeout');
  expect(performance.now() - started).toBeLessThan(3500);
});
