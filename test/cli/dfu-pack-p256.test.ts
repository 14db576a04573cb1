import { describe, expect, test } from 'vitest';
import { main as dfuVerify } from '../../src/cli/dfu-verify.ts';
import { type Bytes, concat, fromHex, toHex } from '../../src/core/bytes.ts';
import { encodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { encodePackage } from '../../src/format/package.ts';
import { decodeSignatures, encodeSignatures } from '../../src/format/signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { testIo } from '../support/io.ts';
import { judge } from '../support/judge.ts';
import { derOfSignature, hex256, P256_N as N, newP256KeyPair } from '../support/p256.ts';
import { ABOUT, AT, type Bench, bench, keyIdsOf } from './dfu-pack-fixture.ts';

/** A bench with an unsigned package, `p`, and a P-256 key, whose public half is `p256.pub`. */
async function p256Bench(): Promise<Bench & Awaited<ReturnType<typeof newP256KeyPair>>> {
  const [b, pair] = [await bench(), await newP256KeyPair()];
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'p');
  await b.write('p256.pub', encodePublicKeyPem(pair.key));
  await b.write('p256.key', pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return { ...b, ...pair };
}

const ATTACH: readonly string[] = ['attach', 'p', '--public-key', 'p256.pub', '--signature', 's'];

const hexOf = (value: bigint) => fromHex(hex256(value)) as Bytes;

function otherS(signature: Bytes): Bytes {
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  return fromHex(toHex(signature.subarray(0, 32)) + hex256(N - s)) as Bytes;
}

describe('dfu-pack attach with a P-256 key', () => {
  test('takes r and s or DER, each raw, in hex or base64, s high or low: always the same package comes out', async () => {
    const b = await p256Bench();
    await b.ok('tbs', 'p', '-o', 'message');
    const low = b.sign(await b.read('message'));
    await b.write('s', low);
    await b.ok(...ATTACH, '-o', 'expected');
    for (const raw of [low, otherS(low)]) {
      for (const bytes of [raw, derOfSignature(raw)]) {
        const base64 = Buffer.from(bytes).toString('base64');
        for (const content of [bytes, toHex(bytes), toHex(bytes).toUpperCase(), base64, `${base64}\n`]) {
          await b.write('s', content);
          await b.ok(...ATTACH, '-o', 'out', '--force');
          expect(await b.read('out')).toEqual(await b.read('expected'));
        }
      }
    }
    await b.refused(2, 'pack.already-signed', ...ATTACH.with(1, 'out'), '-o', 'again');
  });

  test('takes what OpenSSL signs: the bytes of tbs, or their SHA-256', async () => {
    const b = await p256Bench();
    const openssl = (...args: string[]) => {
      const { status, stderr } = judge('openssl', args, { cwd: b.folder });
      expect([status, stderr]).toEqual([0, '']);
    };
    await b.ok('tbs', 'p', '-o', 'message');
    openssl('dgst', '-sha256', '-sign', 'p256.key', '-out', 's', 'message');
    await b.ok(...ATTACH, '-o', 'by-dgst');
    await b.ok('tbs', 'p', '--digest', 'sha256', '-o', 'digest');
    openssl('pkeyutl', '-sign', '-inkey', 'p256.key', '-in', 'digest', '-out', 's');
    await b.ok(...ATTACH, '-o', 'by-pkeyutl');
    for (const file of ['by-dgst', 'by-pkeyutl']) {
      expect(await dfuVerify([file, '--key', 'p256.pub'], testIo(b.folder))).toBe(0);
    }
    // And back: what the package holds is good to OpenSSL.
    const { signaturesBytes } = openContainer(await b.read('by-dgst'));
    const [held] = decodeSignatures(signaturesBytes ?? new Uint8Array());
    await b.write('held.der', derOfSignature(held?.signature ?? new Uint8Array()));
    openssl('dgst', '-sha256', '-verify', 'p256.pub', '-signature', 'held.der', 'message');
  });

  test('refuses a signature of another key, and what is none', async () => {
    const b = await p256Bench();
    await b.ok('tbs', 'p', '-o', 'message');
    const message = await b.read('message');
    const good = b.sign(message);
    for (const wrong of [
      (await newP256KeyPair()).sign(message),
      b.sign(await sha256(message)),
      derOfSignature(new Uint8Array(64)),
      Uint8Array.from([...hexOf(N), ...good.subarray(32)]),
      Uint8Array.from([...good.subarray(0, 32), ...hexOf(N)]),
    ]) {
      await b.write('s', wrong);
      await b.refused(2, 'pack.signature-invalid', ...ATTACH, '-o', 'out');
    }
    const der = derOfSignature(good);
    for (const none of [
      '',
      'no signature',
      good.subarray(0, 63),
      Uint8Array.of(...der, 0),
      Uint8Array.of(0x30, 0x81, ...der.subarray(1)),
      toHex(der).slice(2),
    ]) {
      await b.write('s', none);
      await b.refused(2, 'pack.signature-form', ...ATTACH, '-o', 'out');
    }
  });

  test('takes no DER for an Ed25519 key', async () => {
    const b = await p256Bench();
    await b.write('s', derOfSignature(new Uint8Array(64).fill(0x11)));
    await b.refused(2, 'pack.signature-form', ...ATTACH.with(3, 'a.pub'), '-o', 'out');
  });
});

describe('dfu-pack tbs --digest sha256', () => {
  test('gives the SHA-256 of the bytes to sign', async () => {
    const b = await p256Bench();
    await b.ok('tbs', 'p', '-o', 'message');
    const { stdout: told } = await b.ok('tbs', 'p', '--digest', 'sha256', '-o', 'digest');
    expect(told).toContain('32 bytes');
    const message = await b.read('message');
    const digest = await sha256(message);
    expect(await b.read('digest')).toEqual(digest);
    expect((await b.ok('tbs', 'p', '--digest', 'sha256', '--hex')).stdout).toBe(`${toHex(digest)}\n`);
    const document = await b.json('tbs', 'p', '--digest', 'sha256');
    expect(document).toMatchObject({ message: toHex(message), messageSha256: toHex(digest) });
    expect(await b.json('tbs', 'p')).not.toHaveProperty('messageSha256');
    await b.refused(2, 'usage.invalid', 'tbs', 'p', '--digest', 'sha512', '-o', 'out');
  });
});

describe('a package with signatures of both algorithms', () => {
  test('is trusted by either key, and by neither when one of theirs is broken', async () => {
    const b = await p256Bench();
    await b.ok('sign', 'p', '--key', 'a.pem', '--in-place');
    await b.ok('tbs', 'p', '-o', 'message');
    const low = b.sign(await b.read('message'));
    await b.write('s', low);
    await b.ok(...ATTACH, '-o', 'both');
    expect(keyIdsOf(await b.read('both'))).toHaveLength(2);
    const both = ['--key', 'a.pub', '--key', 'p256.pub'];
    for (const keys of [both.slice(0, 2), both.slice(2), both]) {
      expect(await dfuVerify(['both', ...keys], testIo(b.folder))).toBe(0);
    }
    const { manifestBytes, signaturesBytes, images } = openContainer(await b.read('both'));
    const signatures = decodeSignatures(signaturesBytes ?? new Uint8Array()).map((one) =>
      one.keyId === b.key.keyId ? { ...one, signature: otherS(low) } : one,
    );
    const malleated = encodePackage({
      manifest: manifestBytes,
      signatures: encodeSignatures(signatures),
      images: images.map(({ name, format, bytes }) => ({ name, format, bytes })),
    });
    await b.write('malleated', concat(malleated));
    for (const [keys, exit, code] of [
      [both.slice(0, 2), 0, ''],
      [both.slice(2), 4, 'trust.signature-invalid'],
      [both, 4, 'trust.signature-invalid'],
    ] as const) {
      const io = testIo(b.folder);
      expect(await dfuVerify(['malleated', ...keys], io)).toBe(exit);
      expect(io.stdout()).toContain(code);
    }
  });
});

describe('a P-256 private key file', () => {
  test('signs nothing here: the way out is said', async () => {
    const b = await p256Bench();
    const said = await b.refused(
      2,
      'trust.signing-key-algorithm',
      'sign',
      'p',
      '--key',
      'p256.key',
      '-o',
      'out',
    );
    expect(said).toContain('dfu-pack tbs and attach');
  });
});
