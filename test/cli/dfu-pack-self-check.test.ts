import { expect, test } from 'vitest';
import { checkMade, selfCheck } from '../../src/cli/pack/self-check.ts';
import { concat } from '../../src/core/bytes.ts';
import { buildPackage } from '../../src/pack/build.ts';
import { buildInput, testSigner } from '../pack/fixture.ts';
import { thrownBy } from '../support/codes.ts';

test('what lies on the disk is judged as dfu-verify would, before it is called a success', async () => {
  const [a, b] = [await testSigner(1), await testSigner(2)];
  const { segments, packageId } = await buildPackage(buildInput({ signers: [a] }));
  const unsigned = await buildPackage(buildInput());
  const good = () => concat(segments);
  await selfCheck(good(), [a.key], packageId);
  await selfCheck(concat(unsigned.segments), [], unsigned.packageId);

  const flipped = good();
  flipped[flipped.length >> 1]! ^= 1;
  expect((await thrownBy(() => selfCheck(flipped, [a.key], packageId))).exit).toBe(3);
  const refusals = [
    [good().slice(0, -1), [a.key], packageId, 'package.truncated'],
    [good(), [], packageId, 'trust.signatures-not-judged'],
    [good(), [b.key], packageId, 'trust.no-trusted-signature'],
    // One good signature would do for dfu-verify; here each key that was to sign must have signed.
    [good(), [a.key, b.key], packageId, 'pack.self-check'],
    [concat(unsigned.segments), [a.key], packageId, 'trust.unsigned'],
    [good(), [a.key], '0'.repeat(64), 'policy.package-id'],
  ] as const;
  for (const [bytes, keys, id, code] of refusals) {
    const error = await thrownBy(() => selfCheck(bytes, keys, id));
    expect(error.code).toBe(code);
  }
});

test('a package that has expired can be made and signed', async () => {
  const { segments, packageId } = await buildPackage(buildInput({ notAfter: '1999-01-01T00:00:00Z' }));
  await selfCheck(concat(segments), [], packageId);
});

test('what is wrong with a package that was made here is a fault of ours, and says which', async () => {
  const { segments, packageId } = await buildPackage(buildInput());
  await checkMade(concat(segments), [], packageId);
  const flipped = concat(segments);
  flipped[flipped.length >> 1]! ^= 1;
  const [as, made] = [flipped.slice(), flipped];
  const { code, message } = await thrownBy(() => selfCheck(as, [], packageId));
  const error = await thrownBy(() => checkMade(made, [], packageId));
  expect(error).toMatchObject({ code: 'pack.self-check', exit: 1, facts: { cause: code } });
  expect(error.message).toContain(message);
});
