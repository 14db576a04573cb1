import { errorCodes } from './kind.ts';

/** Keys: private ones with their passphrases, public ones, and what may not be trusted as one. */
export const keyErrors = errorCodes({
  'trust.key-public': {
    exit: 2,
    retryable: false,
    title: 'a public key was given where a private one is needed',
    cure: 'Give the private key file (made by dfu-pack keygen, or by openssl genpkey).',
  },
  'trust.signing-key-encrypted': {
    exit: 2,
    retryable: false,
    title: 'the private key is encrypted, and there is no passphrase',
    cure: 'Give its passphrase with --passphrase-file, --passphrase-fd or --passphrase-env.',
  },
  'trust.signing-key-passphrase': {
    exit: 2,
    retryable: false,
    title: 'the passphrase does not open the private key',
    cure: 'Check which passphrase belongs to this key; every byte of it counts, white space too. Keys with different passphrases sign in separate runs of dfu-pack sign.',
  },
  'trust.signing-key-encryption': {
    exit: 2,
    retryable: false,
    title: 'the private key is encrypted in a way that is not supported',
    cure: 'Encrypt it anew with openssl pkcs8 -topk8 -in KEY -out NEW -scrypt; supported are PBES2 with PBKDF2 (HMAC with SHA-1, SHA-256, SHA-512) or scrypt, and AES-CBC of 128 or 256 bits.',
  },
  'trust.signing-key-cost': {
    exit: 2,
    retryable: false,
    title: 'the private key asks for more work than any passphrase is worth',
    cure: 'Ask where the file comes from. If it is yours, encrypt it anew with openssl pkcs8 -topk8 -in KEY -out NEW -scrypt.',
  },
  'trust.passphrase': {
    exit: 2,
    retryable: false,
    title: 'there is no usable passphrase where it was said to be',
    cure: 'Check that the variable is exported, or that the file is the right one: 1 to 1024 bytes, of which one line end is cut off in a file or descriptor.',
  },
  'trust.signing-key-algorithm': {
    exit: 2,
    retryable: false,
    title: 'the private key is of another algorithm',
    cure: 'Use an Ed25519 key file: dfu-pack keygen NAME, or openssl genpkey -algorithm ed25519. A P-256 key signs outside: dfu-pack tbs and attach, or --signer.',
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
    cure: 'Use an Ed25519 key (dfu-pack keygen makes one), or an ECDSA key on P-256.',
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
    title: 'a public test key, of a specification or a development kit',
    cure: 'Others may have its private half too. Sign with a key of your own (dfu-pack keygen makes one), and trust that.',
  },
  'trust.webcrypto-missing': {
    exit: 2,
    retryable: false,
    title: 'no WebCrypto here',
    cure: 'In a browser: serve the page over https. In Node: use version 20.19 or later.',
  },
});
