import { DfuError } from '../core/errors.ts';
import type { PublicKey } from './public-key.ts';

/**
 * Whether the key is a public test key: its private half is printed in a specification or comes with a development kit, or
 * the kit itself calls it a throwaway. Nobody knows who else can sign with it.
 */
export function isTestKey(key: PublicKey): boolean {
  return TEST_KEYS.has(key.keyId);
}

/**
 * Refuses a public test key, and says whose it is. `allowed` holds the key ids of those that the operator wants in spite
 * of that. Throws `trust.test-key`.
 */
export function assertNoTestKey(key: PublicKey, allowed?: ReadonlySet<string>): void {
  const { keyId } = key;
  const origin = TEST_KEYS.get(keyId);
  if (origin === undefined || allowed?.has(keyId)) return;
  throw new DfuError('trust.test-key', `the key ${keyId} is a public test key: ${origin}`, {
    facts: { keyId, origin },
  });
}

/** Whose key it is, by key id. The raw keys and their sources are in test/vectors/test-keys.json. */
const TEST_KEYS: ReadonlyMap<string, string> = new Map([
  ['06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9', 'RFC 8032 test 1'],
  ['deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170', 'RFC 8032 test 2'],
  ['8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5', 'RFC 8032 test 3'],
  ['e4f982b51ad0bdd87be820b259fe80337ef636e72b9fa7a8867a6949eb610fd6', 'RFC 8032 test 1024'],
  ['e77db4a9572e9f6552c22bc751d5499ad218a73bdf7e15dc6ea0fc69246a44de', 'RFC 8032 test SHA(abc)'],
  ['e22e5f835206173b5f72e8675bcb2466d8f4fb5e600736402904f7c3f3302c28', 'RFC 8032 test foo of Ed25519ctx'],
  ['cbfc48474fec9855db0cbcfb3b202d3e9c3d1e5e2329a87ec14fbb0c11df5011', 'RFC 8032 test foo3 of Ed25519ctx'],
  ['a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f', 'the RFC 8410 example'],
  ['c1907fa4eac7fae3840a78902b6f0710b037e9968e5c6274a12a28790c7d4e3c', "MCUboot's root-ed25519.pem"],
  [
    '6754edab1e29affef4a05935adecbeb1a7b8b62397b31e39a61b5bfcaafd63af',
    "MCUboot's second Ed25519 key of its simulator",
  ],
  ['b1d87d60173352b9a4808979790fc699fb4c4f83b49cf1970edd96ff4adc36a6', "MCUboot's root-ed25519-unknown.pem"],
  ['e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6', "MCUboot's root-ec-p256.pem"],
  ['6d480226638605f9f4cee9790630d5be3374d0deb0a43f19434bf60c9cc47c36', "MCUboot's cypress-test-ec-p256.pem"],
  ['96e1c7403587c3d05ba00793ff280b5b989eea803b6cc6beb9d3afcf814d7f08', "nrfutil's default key"],
  ['258010176e1aea2eac8ed342170e904661afca61e8c79d38863892e804584bf3', "nrfutil's test key"],
  [
    '0d4698c12a4768d3fe895a3c9580986a7d74a495966ecf6691518bd498c7d33b',
    "the nRF5 SDK's debug key of 2018-03-22",
  ],
  [
    'd34f59804f89475654d42193a43fbb6791ff882dd759059d419ffdb211061800',
    "the nRF5 SDK's debug key of 2018-09-23",
  ],
  [
    '494117f6b6112bacc9c72b24ddebda1f1166cde725963d4c88c84d099386a0f5',
    "the nRF5 SDK's debug key of 2019-02-14",
  ],
  [
    '85224affc5b86f966d7bdf47fa3545c9eedfe4fc0c538aeb31c30a2f049f2143',
    "the nRF5 SDK's debug key of 2019-04-07",
  ],
  [
    '671867cb8a6d4989fe0607f3b4759da8e3818a04a2ff0a459ad86dfdcc310b04',
    "the nRF5 SDK's debug key of 2019-06-08",
  ],
  [
    '803bc3d9b6736d6090b09a084d0d3f0d9868bff28a54b459e3d4cca737743f9d',
    "the nRF5 SDK's debug key of 2019-10-18",
  ],
  [
    'f2f9024784295120799fda053f52e6f6d303d8022f8438a79b85e15448ee204f',
    "the nRF5 SDK's debug key of 2020-06-13",
  ],
  [
    '75981cf2a03636f86d3ff1049b388d6b11f6007f1f5d9bfeadb8dbddfd2b0f9a',
    "the nRF5 SDK's debug key of 2021-08-21",
  ],
  ['5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4', 'the RFC 6979 key for P-256'],
  ['2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827', 'the RFC 7515 example for ES256'],
  ['a40f0f2e2974dc76a82df6ffe08ed0d79955c79e7ad0c20d97ae8f9246ade1c1', "jwt.io's example for ES256"],
]);
