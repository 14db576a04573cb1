import { errorCodes } from './kind.ts';

/** Keys, signatures and policy. */
export const trustErrors = errorCodes({
  'trust.no-trusted-signature': {
    exit: 4,
    retryable: false,
    title: 'no signature by a trusted key',
    cure: 'Check that the package comes from whom you expect, and that the right public key was given.',
  },
  'trust.key-public': {
    exit: 2,
    retryable: false,
    title: 'a public key was given where a private one is needed',
    cure: 'Give the private key file (made by dfu-pack keygen, or by openssl genpkey).',
  },
  'trust.signing-key-encrypted': {
    exit: 2,
    retryable: false,
    title: 'the private key is encrypted',
    cure: 'Decrypt it for this run with `openssl pkey -in KEY -out PLAIN`, or sign outside: dfu-pack tbs, openssl, dfu-pack attach.',
  },
  'trust.signing-key-algorithm': {
    exit: 2,
    retryable: false,
    title: 'the private key is of another algorithm',
    cure: 'Use an Ed25519 key: dfu-pack keygen NAME, or openssl genpkey -algorithm ed25519.',
  },
  'trust.signing-key-malformed': {
    exit: 2,
    retryable: false,
    title: 'the file holds no private key',
    cure: 'Give a PEM file with one block PRIVATE KEY (PKCS#8), as openssl genpkey writes it.',
  },
  'trust.key-private': {
    exit: 2,
    retryable: false,
    title: 'a private key where a public one belongs',
    cure: 'Give the public key: openssl pkey -in KEY -pubout -out KEY.pub.pem. Keep the private one private.',
  },
  'trust.key-pem': {
    exit: 2,
    retryable: false,
    title: 'a key file that is not one PEM block PUBLIC KEY',
    cure: 'Give the file as dfu-pack keygen or openssl pkey -pubout wrote it, without anything around it.',
  },
  'trust.key-encoding': {
    exit: 2,
    retryable: false,
    title: 'a public key that is not in its one encoding',
    cure: 'Write it anew with openssl pkey -pubin -in KEY -pubout.',
  },
  'trust.key-unsupported': {
    exit: 2,
    retryable: false,
    title: 'a public key of a kind that this dfukit does not know',
    cure: 'Use an Ed25519 key: dfu-pack keygen makes one.',
  },
  'trust.key-point': {
    exit: 2,
    retryable: false,
    title: 'a public key that is no point of its curve',
    cure: 'Check that the file is complete and unchanged.',
  },
  'trust.key-weak': {
    exit: 2,
    retryable: false,
    title: 'a public key under which signatures can be forged',
    cure: 'Do not use this key. Make another with dfu-pack keygen and ask where this one came from.',
  },
  'trust.test-key': {
    exit: 4,
    retryable: false,
    title: 'a public test key: anybody can sign with it',
    cure: 'Sign with a key of your own (dfu-pack keygen makes one), and trust that. Never release anything under a test key.',
  },
  'trust.webcrypto-missing': {
    exit: 2,
    retryable: false,
    title: 'no WebCrypto here',
    cure: 'In a browser: serve the page over https. In Node: use version 20.19 or later.',
  },
  'trust.unsigned': {
    exit: 4,
    retryable: false,
    title: 'the package is not signed',
    cure: 'Ask for a signed package, or accept what nobody vouches for with --allow-unsigned.',
  },
  'trust.signature-invalid': {
    exit: 4,
    retryable: false,
    title: 'a signature under a trusted key is wrong',
    cure: 'The package was changed after it was signed. Do not use it; fetch it again from its source.',
  },
  'trust.signatures-not-judged': {
    exit: 4,
    retryable: false,
    title: 'a signed package, and no key to judge it by',
    cure: 'Give the public key with --key; --allow-unsigned is for packages without signatures.',
  },
  'trust.no-rule': {
    exit: 4,
    retryable: false,
    title: 'the trust file has no rule for this product',
    cure: 'Check that the package is the one you mean; if the product is yours, add a rule for it to the trust file.',
  },
  'trust.threshold': {
    exit: 4,
    retryable: false,
    title: 'too few of the signers of this product signed',
    cure: 'Have the package signed by more of the keys that the rule lists: dfu-pack sign.',
  },
  'trust.key-revoked': {
    exit: 5,
    retryable: false,
    title: 'signed with a key that was revoked',
    cure: 'Do not use this package: get one that was signed anew, with keys that are valid.',
  },
  'trust.key-expired': {
    exit: 5,
    retryable: false,
    title: 'signed with a key that has expired',
    cure: 'Have the package signed with a key that is valid now; check the clock of this machine.',
  },
  'trust.key-not-yet-valid': {
    exit: 5,
    retryable: false,
    title: 'signed with a key that is not valid yet',
    cure: 'Wait for the date in the trust file, or have the package signed with a key that is valid now; check the clock of this machine.',
  },
  'trust.file-expired': {
    exit: 5,
    retryable: false,
    title: 'the trust file has expired',
    cure: 'Fetch the current one and bring it in with dfu-verify trust update; check the clock of this machine.',
  },
});
