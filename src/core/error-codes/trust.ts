import { errorCodes } from './kind.ts';

/** Whether signatures and attestations suffice. */
export const trustErrors = errorCodes({
  'trust.no-trusted-signature': {
    exit: 4,
    retryable: false,
    title: 'no signature by a trusted key',
    cure: 'Check that the package comes from whom you expect, and that the right public key or trust file was given.',
  },
  'trust.unsigned': {
    exit: 4,
    retryable: false,
    title: 'the package is not signed',
    cure: 'Ask for a signed package. Only --allow-unsigned, in the place of a key or trust file, accepts what nobody vouches for.',
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
  'trust.attestation-missing': {
    exit: 5,
    retryable: false,
    title: 'no attestation, and one is required',
    cure: 'Give the attestation of this package with --attestation; who built the package makes it with dfu-pack attest.',
  },
  'trust.attestation-malformed': {
    exit: 5,
    retryable: false,
    title: 'the file is no attestation in the form it must have',
    cure: 'Give the DSSE envelope as dfu-pack attest or another builder wrote it; docs/provenance.md says what it holds.',
  },
  'trust.attestation-untrusted': {
    exit: 5,
    retryable: false,
    title: 'no attester of the trust file signed the attestation',
    cure: 'Get the attestation from the builder that the trust file lists under attesters; a key that signs packages attests nothing.',
  },
  'trust.attestation-signature': {
    exit: 5,
    retryable: false,
    title: 'a signature under the key of an attester is wrong',
    cure: 'The attestation was changed after it was signed. Do not use it; fetch it again from its source.',
  },
  'trust.attestation-type': {
    exit: 5,
    retryable: false,
    title: 'the attestation is of another kind than build provenance',
    cure: 'Give an in-toto Statement v1 with SLSA provenance v1, as dfu-pack attest writes it.',
  },
  'trust.attestation-other-package': {
    exit: 5,
    retryable: false,
    title: 'the attestation is about another package',
    cure: 'Give the attestation that was made for this very package: the package id in it must be the same.',
  },
  'trust.attestation-contradiction': {
    exit: 5,
    retryable: false,
    title: 'the attestation contradicts the package',
    cure: 'Do not use the package: ask the builder how package and attestation came about.',
  },
});
