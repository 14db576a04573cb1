// Signatures that are missing, not in their one form, forged, or made over something else.
import { ATTACKER, entries, entryOf, IMAGE, json, manifestValue, signed, TRUSTED } from './good.mjs';
import {
  malleated,
  messageOf,
  PAYLOAD_TYPE,
  pae,
  sha256,
  signaturesJson,
  signWithLooseR,
  signWithTorsion,
} from './signing.mjs';
import { zip } from './zip.mjs';

const cases = [];
function add(file, threat, what, verdict, code, bytes, others = {}) {
  cases.push({ file: `${file}.dfupkg`, threat, what, verdict, code, bytes, ...others });
}
const manifest = json(manifestValue());
const message = messageOf(manifest);
const honest = TRUSTED.sign(message);
const sealed = (signatures) => zip(entries({ manifest, signatures }));
const one = (signature, keyId = TRUSTED.keyId) => signaturesJson([{ keyId, signature }]);
const text = (value) => Buffer.from(value);

const STRIPPED = 'stripped, empty and doubled signatures';
add(
  'unsigned',
  STRIPPED,
  'the signatures are taken out',
  'unsigned',
  'trust.unsigned',
  zip(entries({ signatures: null })),
);
add(
  'signatures-empty-list',
  STRIPPED,
  'an empty list',
  'malformed',
  'package.signatures-form',
  sealed(signaturesJson([])),
);
add(
  'signatures-empty-file',
  STRIPPED,
  'a signatures.json of no bytes',
  'malformed',
  'package.entry-size',
  sealed(Buffer.alloc(0)),
);
add(
  'signatures-doubled',
  STRIPPED,
  'one key twice',
  'malformed',
  'package.signatures-form',
  sealed(
    signaturesJson([
      { keyId: TRUSTED.keyId, signature: honest },
      { keyId: TRUSTED.keyId, signature: honest },
    ]),
  ),
);
add(
  'signatures-empty-signature',
  STRIPPED,
  'a signature of no bytes',
  'malformed',
  'package.signatures-form',
  sealed(one(Buffer.alloc(0))),
);
add(
  'signatures-nine',
  STRIPPED,
  'more than eight',
  'malformed',
  'package.signatures-form',
  sealed(
    signaturesJson(Array.from({ length: 9 }, (_, i) => ({ keyId: String(i).repeat(64), signature: honest }))),
  ),
);
const unsorted = [TRUSTED, ATTACKER].sort((a, b) => (a.keyId < b.keyId ? 1 : -1));
add(
  'signatures-unsorted',
  STRIPPED,
  'not sorted by key',
  'malformed',
  'package.signatures-form',
  sealed(
    text(
      JSON.stringify({
        payloadType: PAYLOAD_TYPE,
        signatures: unsorted.map((key) => ({
          keyId: key.keyId,
          signature: key.sign(message).toString('base64'),
        })),
      }),
    ),
  ),
);

const good = one(honest).toString();
for (const [file, what, json] of [
  ['signatures-pretty', 'with white space', JSON.stringify(JSON.parse(good), null, 2)],
  ['signatures-newline', 'with a final newline', `${good}\n`],
  ['signatures-bom', 'with a byte order mark', `\ufeff${good}`],
  ['signatures-trailing', 'with something behind the value', `${good}{}`],
  ['signatures-escape', 'with an escape', good.replace('keyId', '\\u006beyId')],
  ['signatures-duplicate-key', 'with a key twice', good.replace('"keyId"', '"keyId":"x","keyId"')],
  ['signatures-proto', 'with __proto__', good.replace('{"keyId"', '{"__proto__":{"keyId":"x"},"keyId"')],
  ['signatures-unknown-field', 'with an unknown field', good.replace('{"keyId"', '{"hint":1,"keyId"')],
  ['signatures-base64-loose', 'with loose base64', good.replace(/==?"/, '"')],
  [
    'signatures-base64url',
    'with stray bits in the base64',
    good.replace(/(.)=="/, (_, c) => `${String.fromCharCode(c.charCodeAt(0) + 1)}=="`),
  ],
  [
    'signatures-key-upper-case',
    'with an upper-case key id',
    good.replace(TRUSTED.keyId, TRUSTED.keyId.toUpperCase()),
  ],
  ['signatures-array', 'as an array', '[]'],
  ['signatures-no-json', 'that is no JSON', 'signed, honestly'],
]) {
  add(file, STRIPPED, `signatures.json ${what}`, 'malformed', 'package.signatures-form', sealed(text(json)));
}
add(
  'signatures-deep',
  STRIPPED,
  'signatures.json nested too deeply',
  'malformed',
  'package.json-limit',
  sealed(text(`${'['.repeat(64)}${']'.repeat(64)}`)),
);

const CONFUSION = 'type confusion';
add(
  'payload-type-other',
  CONFUSION,
  'another payload type',
  'malformed',
  'format.unsupported-version',
  sealed(
    signaturesJson(
      [
        {
          keyId: TRUSTED.keyId,
          signature: TRUSTED.sign(messageOf(manifest, 'application/vnd.dfukit.trust-digest.v1')),
        },
      ],
      'application/vnd.dfukit.trust-digest.v1',
    ),
  ),
);
add(
  'signed-as-trust-file',
  CONFUSION,
  'a signature over a trust file of the same digest',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(TRUSTED.sign(messageOf(manifest, 'application/vnd.dfukit.trust-digest.v1')))),
);
add(
  'signed-without-pae',
  CONFUSION,
  'a signature over the bare digest',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(TRUSTED.sign(sha256(manifest)))),
);
add(
  'signed-manifest-bytes',
  CONFUSION,
  'a signature over the manifest, not its digest',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(TRUSTED.sign(pae(PAYLOAD_TYPE, manifest)))),
);

const FORGED = 'malleable and forged signatures';
add(
  'key-id-spoofed',
  'key-id spoofing',
  "the attacker's signature under the trusted key's id",
  'untrusted',
  'trust.signature-invalid',
  sealed(one(ATTACKER.sign(message))),
);
add(
  'attacker-signed',
  'key-id spoofing',
  'a good signature by a key that nobody trusts',
  'untrusted',
  'trust.no-trusted-signature',
  sealed(signed(manifest, [ATTACKER])),
);
add(
  'good-and-broken',
  'key-id spoofing',
  'the attacker signed well, the trusted key badly',
  'untrusted',
  'trust.signature-invalid',
  sealed(
    signaturesJson([
      { keyId: TRUSTED.keyId, signature: ATTACKER.sign(message) },
      { keyId: ATTACKER.keyId, signature: ATTACKER.sign(message) },
    ]),
  ),
);
add(
  'malleable-s',
  FORGED,
  'S + L instead of S',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(malleated(honest))),
);
add(
  'r-with-torsion',
  FORGED,
  'R with a part of small order: cofactored verifiers take it',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(signWithTorsion(TRUSTED, message))),
);
add(
  'r-not-canonical',
  FORGED,
  'R in a second encoding: lenient verifiers take it',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(signWithLooseR(TRUSTED, message))),
);
add(
  'signature-zero',
  FORGED,
  '64 zero bytes',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(Buffer.alloc(64))),
);
add(
  'signature-short',
  FORGED,
  '63 bytes',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(honest.subarray(0, 63))),
);
add(
  'signature-long',
  FORGED,
  '65 bytes',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(Buffer.concat([honest, Buffer.alloc(1)]))),
);
add(
  'signature-flipped',
  FORGED,
  'a bit of the signature flipped',
  'untrusted',
  'trust.signature-invalid',
  sealed(one(Buffer.from(honest.map((byte, i) => (i === 40 ? byte ^ 1 : byte))))),
);

const EDITED = 'manifest edited';
const edited = json(manifestValue({ version: '1.2.1' }));
const originals = signed(manifest);
add(
  'manifest-edited',
  EDITED,
  'another version, signatures of the old one',
  'untrusted',
  'trust.signature-invalid',
  zip(entries({ manifest: edited, signatures: originals })),
);
add(
  'manifest-space-added',
  EDITED,
  'a space more',
  'untrusted',
  'trust.signature-invalid',
  zip(entries({ manifest: Buffer.concat([manifest, text(' ')]), signatures: originals })),
);
const other = json(manifestValue({ name: 'pump', target: { product: 'acme-pump' } }));
add(
  'mix-signatures',
  'mix of two good packages',
  'manifest of one, signatures of another',
  'untrusted',
  'trust.signature-invalid',
  zip(entries({ manifest: other, signatures: originals })),
);
add(
  'signed-not-judged',
  'stripped, empty and doubled signatures',
  'a signed package, and the operator allows unsigned ones',
  'untrusted',
  'trust.signatures-not-judged',
  zip(entries()),
  { trust: 'allow-unsigned' },
);
add(
  'unsigned-edited',
  'image swapped',
  'an unsigned package with another image: allowing unsigned ones excuses nothing else',
  'corrupt',
  'package.image-crc32',
  zip([
    ...entries({ signatures: null, images: [] }),
    entryOf('images/application.bin', Buffer.from(IMAGE.map((b) => b ^ 1))),
  ]),
  { trust: 'allow-unsigned' },
);

export default cases;
