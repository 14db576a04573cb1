import { errorCodes } from './kind.ts';

/** Good packages that are not for this device, or not for now. */
export const policyErrors = errorCodes({
  'policy.package-id': {
    exit: 5,
    retryable: false,
    title: 'another package than the one asked for',
    cure: 'Fetch the release with that package id, or correct --package-id.',
  },
  'policy.product': {
    exit: 5,
    retryable: false,
    title: 'the package is for another product',
    cure: 'Use the package made for this product; check --product.',
  },
  'policy.hardware': {
    exit: 5,
    retryable: false,
    title: 'the package is for other hardware revisions',
    cure: 'Use the package made for this revision; check --hardware.',
  },
  'policy.identifier': {
    exit: 5,
    retryable: false,
    title: 'the device identifies itself as something else',
    cure: 'Use the package made for this device.',
  },
  'policy.requires': {
    exit: 5,
    retryable: false,
    title: 'the device lacks what the package requires',
    cure: 'Update the part it names first, then install this package.',
  },
  'policy.downgrade': {
    exit: 5,
    retryable: false,
    title: 'older than what is installed',
    cure: 'Install a newer package, or go back on purpose with --allow-downgrade.',
  },
  'policy.security-counter': {
    exit: 5,
    retryable: false,
    title: 'the security counter is lower than the one installed',
    cure: 'This release was withdrawn for its flaws: install a newer one. Nothing excuses this.',
  },
  'policy.expired': {
    exit: 5,
    retryable: false,
    title: 'the package has expired',
    cure: 'Get a newer package; check the clock of this machine.',
  },
  'policy.check-required': {
    exit: 5,
    retryable: false,
    title: 'a check that was asked for could not be made',
    cure: 'Tell what it compares with (--product, --hardware, --installed-version, --installed-counter). What --require asks for can also be left out; what a trust file demands can not.',
  },
  'policy.contradiction': {
    exit: 5,
    retryable: false,
    title: 'operator and device do not agree on what the device is',
    cure: 'Check that it is the device you mean, then correct the option.',
  },
  'policy.denied': {
    exit: 5,
    retryable: false,
    title: 'this package is on the list of denied ones',
    cure: 'Use another release: this very package was withdrawn. Nothing excuses this.',
  },
  'policy.minimum-version': {
    exit: 5,
    retryable: false,
    title: 'older than the trust file allows for this product',
    cure: 'Install a newer release. --allow-downgrade does not excuse this.',
  },
  'policy.minimum-counter': {
    exit: 5,
    retryable: false,
    title: 'a lower security counter than the trust file allows for this product',
    cure: 'Install a newer release: this one was withdrawn for its flaws.',
  },
  'policy.hardware-missing': {
    exit: 5,
    retryable: false,
    title: 'the package does not say for which hardware it is made',
    cure: 'Have it packed with --hardware: the trust file demands it for this product.',
  },
});
