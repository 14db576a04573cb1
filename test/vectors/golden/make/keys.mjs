// The keys of the golden corpus: made of their names, so known to everybody. For tests alone.
import { makeKey, makeP256Key } from '../../hostile/make/signing.mjs';

export const KEYS = {
  alice: makeKey('golden test-only: alice'),
  bob: makeP256Key('golden test-only: bob'),
  carol: makeKey('golden test-only: carol'),
  dave: makeKey('golden test-only: dave'),
  builder: makeKey('golden test-only: builder'),
  'root-1': makeKey('golden test-only: root 1'),
  'root-2': makeP256Key('golden test-only: root 2'),
  stranger: makeKey('golden test-only: stranger'),
};
