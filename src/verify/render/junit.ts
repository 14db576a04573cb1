import { printableLine, shown } from '../../core/text.ts';
import type { Check } from '../report.ts';
import { type JudgedFile, outcomeOf } from './findings.ts';
import { renderText } from './text.ts';

/**
 * The judgement of packages as JUnit XML, as CI servers read it: a suite for each file, a case for each check; skipped
 * ones with the reason; a file that could not be judged is one case with an error. The suite's output is the report as text.
 *
 * XML 1.0 can not hold control characters in any form, so all that is not printable ASCII stands as \xNN.
 */
export function renderJunit(judged: readonly JudgedFile[]): string {
  const suites = judged.map(suiteOf);
  const sum = (count: (suite: Suite) => number) => suites.reduce((total, suite) => total + count(suite), 0);
  const totals = {
    name: 'dfu-verify',
    tests: sum((suite) => suite.cases.length),
    failures: sum(({ cases }) => countOf(cases, 'failure')),
    errors: sum(({ cases }) => countOf(cases, 'error')),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes(totals)}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  name: string;
  timestamp?: string;
  properties: readonly (readonly [string, string | number])[];
  cases: readonly Case[];
  output: string;
}

interface Case {
  name: string;
  result?: { kind: 'failure' | 'error' | 'skipped'; type?: string; message: string; text: string };
}

function suiteOf(one: JudgedFile): Suite {
  const name = shown(one.file);
  const { exit } = outcomeOf(one);
  if ('error' in one) {
    const { code, message, cure } = one.error;
    const result = { kind: 'error' as const, type: code, message, text: `${message}\n${cure} [${code}]` };
    return { name, properties: [['exit', exit]], cases: [{ name: 'judged', result }], output: '' };
  }
  const { report } = one;
  const { name: called, version, product, securityCounter } = report.package ?? {};
  const properties = Object.entries({
    verdict: report.verdict,
    exit,
    trust: report.trust.kind,
    packageId: report.packageId,
    name: called,
    version,
    product,
    securityCounter,
  }).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return {
    name,
    // A time without zone is what readers of this format expect; it is UTC.
    timestamp: report.judgedAt.replace(/Z$/, ''),
    properties,
    cases: report.checks.map(caseOf),
    output: renderText(report, one.file),
  };
}

function caseOf({ id, image, status, code, message, cure }: Check): Case {
  const name = image === undefined ? id : `${id} ${image}`;
  if (status === 'pass') return { name };
  if (status === 'skipped') return { name, result: { kind: 'skipped', message, text: message } };
  const end = code === undefined ? '' : ` [${code}]`;
  const result = { kind: 'failure' as const, message, text: `${message}\n${cure ?? ''}${end}` };
  return { name, result: code === undefined ? result : { ...result, type: code } };
}

function countOf(cases: readonly Case[], kind: string): number {
  return cases.filter(({ result }) => result?.kind === kind).length;
}

function suiteLines({ name, timestamp, properties, cases, output }: Suite, id: number): string[] {
  const head = {
    name,
    id,
    tests: cases.length,
    failures: countOf(cases, 'failure'),
    errors: countOf(cases, 'error'),
    skipped: countOf(cases, 'skipped'),
    // Judging has no times worth comparing, and without them the same judgement gives the same bytes.
    time: 0,
    ...(timestamp === undefined ? {} : { timestamp }),
  };
  return [
    `  <testsuite${attributes(head)}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property${attributes({ name: key, value })}/>`),
    '    </properties>',
    ...cases.flatMap((one) => caseLines(one, name)),
    ...(output === '' ? [] : [`    <system-out>${content(output)}</system-out>`]),
    '  </testsuite>',
  ];
}

function caseLines({ name, result }: Case, classname: string): string[] {
  const head = `    <testcase${attributes({ name, classname, time: 0 })}`;
  if (result === undefined) return [`${head}/>`];
  const { kind, type, message, text } = result;
  // The schema gives `skipped` no attributes.
  const told = kind === 'skipped' ? '' : attributes({ ...(type === undefined ? {} : { type }), message });
  return [`${head}>`, `      <${kind}${told}>${content(text)}</${kind}>`, '    </testcase>'];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
}

/** Line ends of ours stay; those from outside are no longer there. */
function content(text: string): string {
  return text.split('\n').map(escaped).join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(text: string): string {
  return printableLine(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
