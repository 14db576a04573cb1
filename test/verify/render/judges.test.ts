import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { jsonText } from '../../../src/cli/program.ts';
import { renderGithub } from '../../../src/verify/render/github.ts';
import { renderJunit } from '../../../src/verify/render/junit.ts';
import { sarifDocument } from '../../../src/verify/render/sarif.ts';
import { CASES } from './cases.ts';

const vector = (name: string) =>
  readFileSync(new URL(`../../vectors/reports/${name}`, import.meta.url), 'utf8');

/** RFC 3986, appendix A, as far as our URIs go: no authority but an empty one or a host, no query, no fragment. */
const URI_REFERENCE = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$/;

/** The schema is of draft 4, whose `id` is the only thing in it that later drafts call otherwise. */
const { $schema: _, id: __, ...schema } = JSON.parse(vector('sarif-schema-2.1.0.json'));
const validSarif = new Ajv.default({
  strict: false,
  // One of its patterns is none with the u flag.
  unicodeRegExp: false,
  allErrors: true,
  formats: {
    uri: (text) => URL.canParse(text),
    'uri-reference': (text) => URI_REFERENCE.test(text) && URL.canParse(text, 'file:///run/'),
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  },
}).compile(schema);

interface Sarif {
  runs: [
    {
      tool: { driver: { rules: { id: string }[] } };
      artifacts: { location: { uri: string } }[];
      results: {
        ruleId: string;
        ruleIndex: number;
        message: { text: string };
        locations: [{ physicalLocation: { artifactLocation: { uri: string; index: number } } }];
        partialFingerprints: { primaryLocationLineHash: string };
      }[];
      invocations: [{ exitCode: number; executionSuccessful: boolean }];
    },
  ];
}
const sarifOf = async (name: string): Promise<Sarif> =>
  JSON.parse(jsonText(await sarifDocument(await CASES[name]!(), 3)));

describe.each(Object.keys(CASES))('%s', (name) => {
  test('as SARIF is valid, and every reference in it leads somewhere', async () => {
    const sarif = await sarifOf(name);
    validSarif(sarif);
    expect(validSarif.errors ?? []).toEqual([]);
    const [{ tool, artifacts, results }] = sarif.runs;
    for (const { ruleId, ruleIndex, locations } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      const { uri, index } = locations[0].physicalLocation.artifactLocation;
      expect(artifacts[index]?.location.uri).toBe(uri);
    }
  });

  test('as JUnit XML is valid', async () => {
    const xml = [{ fileName: 'junit.xml', contents: renderJunit(await CASES[name]!()) }];
    const { valid, rawOutput } = await validateXML({ xml, schema: [vector('junit.xsd')] });
    expect([valid, rawOutput]).toEqual([true, expect.anything()]);
  });

  test('in every form is printable ASCII, and no line but an annotation is a command to a runner', async () => {
    const judged = await CASES[name]!();
    const annotations = renderGithub(judged);
    for (const text of [jsonText(await sarifDocument(judged, 3)), renderJunit(judged), annotations]) {
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      for (const line of text.split('\n')) if (text !== annotations) expect(commandOf(line)).toBeUndefined();
    }
    const commands = annotations.trimEnd().split('\n').filter(Boolean).map(commandOf);
    expect(commands.map((command) => Object.keys(command?.properties ?? {}))).toEqual(
      commands.map(() => ['file', 'title']),
    );
    expect(commands.filter((command) => !['error', 'warning'].includes(command?.name ?? ''))).toEqual([]);
  });
});

test('a finding keeps its fingerprint from run to run, and no two share one', async () => {
  const prints = async () =>
    (await sarifOf('several')).runs[0].results.map(
      (result) => result.partialFingerprints.primaryLocationLineHash,
    );
  const first = await prints();
  expect(await prints()).toEqual(first);
  expect(new Set(first).size).toBe(first.length);
});

test('what could not be judged is a result, and the run no successful one', async () => {
  const [{ results, invocations }] = (await sarifOf('several')).runs;
  expect(results.map(({ ruleId }) => ruleId)).toContain('input.not-found');
  expect(invocations[0]).toMatchObject({ executionSuccessful: false, exitCode: 3 });
  expect((await sarifOf('trusted')).runs[0]).toMatchObject({
    results: [],
    invocations: [{ executionSuccessful: true }],
  });
});

test('no message of SARIF holds a placeholder or a link', async () => {
  for (const { message } of (await sarifOf('hostile')).runs[0].results) {
    expect(message.text).not.toMatch(/[{}]|\]\(/);
  }
});

/** A line as a runner reads it: `::name key=value,...::data` at its beginning, `##[name ...]data` anywhere. */
function commandOf(line: string): { name: string; properties: Record<string, string> } | undefined {
  const old = /##[A-Za-z]*\[([^ \]]*)/.exec(line);
  if (old !== null) return { name: `old ${old[1]}`, properties: {} };
  const [, head] = /^\s*::(.*?)::/.exec(line) ?? [];
  if (head === undefined) return undefined;
  const [name = '', ...rest] = head.split(' ');
  const pairs = rest
    .join(' ')
    .split(',')
    .map((pair) => pair.split(/=(.*)/s));
  return { name, properties: Object.fromEntries(pairs.map(([key, value]) => [key, value])) };
}
