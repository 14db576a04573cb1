// Good packages for somebody else, or for another time.
import { entries, IMAGE, json, manifestValue } from './good.mjs';
import { zip } from './zip.mjs';

const cases = [];
function add(file, threat, what, code, changes, options) {
  const bytes = zip(
    entries({ manifest: json(manifestValue(changes)), images: [['application.bin', IMAGE]] }),
  );
  cases.push({ file: `${file}.dfupkg`, threat, what, verdict: 'refused', code, bytes, options });
}
const product = 'acme-thermo';

add(
  'other-product',
  'product confusion',
  'made for another product',
  'policy.product',
  { target: { product: 'acme-pump' } },
  { product },
);
for (const [file, looksLike] of [
  ['product-case', 'acme-Thermo'],
  ['product-digit', 'acme-therm0'],
  ['product-longer', 'acme-thermo2'],
  ['product-shorter', 'acme-therm'],
]) {
  add(
    file,
    'product confusion',
    `made for ${looksLike}, which looks like ${product}`,
    'policy.product',
    { target: { product: looksLike } },
    { product },
  );
}
add(
  'other-hardware',
  'product confusion',
  'made for other hardware revisions',
  'policy.hardware',
  {},
  { hardware: 'C' },
);
add(
  'downgrade',
  'downgrade',
  'older than what is installed',
  'policy.downgrade',
  {},
  { installedVersion: '1.10.0' },
);
add(
  'downgrade-prerelease',
  'downgrade',
  'a pre-release of what is installed',
  'policy.downgrade',
  { version: '1.2.0-rc.9' },
  { installedVersion: '1.2.0' },
);
add(
  'downgrade-counter',
  'downgrade',
  'newer, with a lower security counter; allowing a downgrade does not excuse that',
  'policy.security-counter',
  { version: '9.0.0' },
  { installedVersion: '1.0.0', installedCounter: 4, allowDowngrade: true },
);
add('expired', 'expiry', 'expired a second ago', 'policy.expired', { notAfter: '2026-05-31T23:59:59Z' }, {});
add('expired-now', 'expiry', 'expires now', 'policy.expired', { notAfter: '2026-06-01T00:00:00Z' }, {});
add(
  'expired-year-0',
  'expiry',
  'expired in the year 0',
  'policy.expired',
  { notAfter: '0000-01-01T00:00:00Z' },
  {},
);
add(
  'other-release',
  'mix of two good packages',
  'another release than the one pinned',
  'policy.package-id',
  { version: '1.3.0' },
  { packageId: '0'.repeat(64) },
);
add(
  'not-told',
  'product confusion',
  'the product must be compared, and nobody told it',
  'policy.check-required',
  {},
  { require: 'target' },
);

export default cases;
