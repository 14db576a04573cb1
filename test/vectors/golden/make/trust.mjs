// Trust files, and chains of signed updates of them.
import { json } from '../../hostile/make/good.mjs';
import { messageOf, signaturesJson } from '../../hostile/make/signing.mjs';
import { KEYS } from './keys.mjs';

const TRUST_TYPE = 'application/vnd.dfukit.trust-digest.v1';
const key = (name, more = {}) => ({ publicKey: KEYS[name].spki.toString('base64'), ...more });

/** Canonical: keys in the schema's order. */
export function trustFile({
  version = 7,
  notAfter = '2027-01-01T00:00:00Z',
  keys = {},
  rules,
  roles = ['root-1', 'root-2'],
  threshold = 1,
  denied,
}) {
  const all = {
    alice: key('alice'),
    bob: key('bob'),
    builder: key('builder'),
    carol: key('carol', { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-03-01T00:00:00Z' }),
    dave: key('dave', { revoked: true }),
    'root-1': key('root-1'),
    'root-2': key('root-2'),
    ...keys,
  };
  return json({
    formatVersion: 1,
    version,
    notAfter,
    keys: all,
    rules: rules ?? RULES,
    trustRole: { signers: roles, threshold },
    attesters: ['builder'],
    ...(denied === undefined ? {} : { deniedPackages: denied }),
  });
}

const RULES = [
  { product: 'one', signers: ['alice', 'bob'], threshold: 1 },
  { product: 'two', signers: ['alice', 'bob', 'carol', 'dave'], threshold: 2 },
  {
    product: 'strict',
    signers: ['alice'],
    threshold: 1,
    minimumVersion: '1.2.0',
    minimumSecurityCounter: 3,
    requireHardware: true,
    require: ['version'],
  },
  { product: 'attested', signers: ['alice'], threshold: 1, require: ['attestation'] },
];

export const trustFiles = {
  'trust-7': trustFile({}),
  'trust-7-other': trustFile({ notAfter: '2027-02-01T00:00:00Z' }),
  'trust-8': trustFile({ version: 8 }),
  'trust-8-expired': trustFile({ version: 8, notAfter: '2026-02-01T00:00:00Z' }),
  'trust-9': trustFile({
    version: 9,
    notAfter: '2028-01-01T00:00:00Z',
    roles: ['root-1'],
    keys: { alice: key('alice', { revoked: true }) },
  }),
};

function signaturesOf(bytes, names, type = TRUST_TYPE) {
  const list = names.map((name) => ({
    keyId: KEYS[name].keyId,
    signature: KEYS[name].sign(messageOf(bytes, type)),
  }));
  return signaturesJson(list, type);
}

const step = (file, names, type) => ({
  file,
  bytes: trustFiles[file],
  ...(names === undefined ? {} : { signatures: signaturesOf(trustFiles[file], names, type) }),
});
const AT = '2026-06-01T00:00:00Z';
const update = (name, chain, result, at = AT) => ({ name, current: 'trust-7.json', chain, at, result });
const refused = (code) => ({ code });
const reached = (version) => ({ version });

export const updates = [
  update('next', [step('trust-8', ['root-1'])], reached(8)),
  update('two-steps', [step('trust-8', ['root-1', 'root-2']), step('trust-9', ['root-1'])], reached(9)),
  update('by-p256', [step('trust-8', ['root-2'])], reached(8)),
  update(
    'past-an-expired-one',
    [step('trust-8-expired', ['root-1']), step('trust-9', ['root-1'])],
    reached(9),
  ),
  update('same', [step('trust-7', ['root-1'])], reached(7)),
  update('gap', [step('trust-9', ['root-1'])], refused('trust.version-gap')),
  update('equivocation', [step('trust-7-other', ['root-1'])], refused('trust.equivocation')),
  update('unsigned', [step('trust-8')], refused('trust.update-unsigned')),
  update('by-a-package-key', [step('trust-8', ['alice'])], refused('trust.update-threshold')),
  update(
    'not-by-the-new-role',
    [step('trust-8', ['root-1']), step('trust-9', ['root-2'])],
    refused('trust.update-threshold'),
  ),
  update(
    'as-a-manifest',
    [step('trust-8', ['root-1'], 'application/vnd.dfukit.manifest-digest.v1')],
    refused('trust.signatures-kind'),
  ),
  update('last-one-expired', [step('trust-8-expired', ['root-1'])], refused('trust.file-expired')),
  update(
    'all-out-of-date',
    [step('trust-8', ['root-1'])],
    refused('trust.file-expired'),
    '2027-01-01T00:00:00Z',
  ),
];
updates.push({
  ...update('rollback', [step('trust-7', ['root-1'])], refused('trust.rollback')),
  current: 'trust-8.json',
});
