import { expect, test } from 'vitest';
import { uriOf } from '../../../src/verify/render/uri.ts';

test.each([
  ['build/a.dfupkg', 'build/a.dfupkg'],
  ['./a.dfupkg', 'a.dfupkg'],
  ['././/a.dfupkg', 'a.dfupkg'],
  ['../a.dfupkg', '../a.dfupkg'],
  ['a/./b', 'a/./b'],
  ['.hidden', '.hidden'],
  ['/srv/a b', 'file:///srv/a%20b'],
  ['//server/share/a', 'file://server/share/a'],
  ['dir//', 'dir//'],
  ['C:/out/a b.dfupkg', 'file:///C:/out/a%20b.dfupkg'],
  ['z:/a\nb', 'file:///z:/a%0Ab'],
  // Neither is a drive.
  ['1:/a', '1%3A/a'],
  ['C:a', 'C%3Aa'],
  ['ab:/c', 'ab%3A/c'],
  ['javascript:alert(1)', 'javascript%3Aalert%281%29'],
  ['a?b#c%20', 'a%3Fb%23c%2520'],
  ['M\u00fcller', 'M%C3%BCller'],
])('%j is %s', (path, uri) => {
  expect(uriOf(path)).toBe(uri);
  expect(URL.canParse(uri, 'file:///run/')).toBe(true);
});
