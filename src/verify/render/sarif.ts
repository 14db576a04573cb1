import { toHex, utf8 } from '../../core/bytes.ts';
import { ERRORS, type ErrorCode, type ExitCode } from '../../core/errors.ts';
import { printableLine } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { type Finding, findingsOf, type JudgedFile, outcomeOf } from './findings.ts';
import { uriOf } from './uri.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The rule of warnings, which have no code. */
const WARNING = 'dfu-verify.warning';

/**
 * The judgement of packages as a SARIF 2.1.0 log (OASIS Standard, 2020), for code scanning. One run; an artifact for
 * each file; a result for each failed check, each warning and each file that could not be judged, so that nothing but
 * accepted packages without reservation makes an empty list. A rule for each code that occurs, with its cure as help.
 *
 * `exit` is the exit code of the run. The document is plain data: names from outside stand in it only as
 * percent-encoded URIs, in messages of printable ASCII, and as facts.
 */
export async function sarifDocument(judged: readonly JudgedFile[], exit: ExitCode): Promise<object> {
  const files = judged.map((one) => ({ one, uri: uriOf(one.path ?? one.file), findings: findingsOf(one) }));
  const ruleIds = [...new Set(files.flatMap(({ findings }) => findings.map(ruleIdOf)))].sort();
  const results = await Promise.all(
    files.flatMap(({ uri, findings }, index) =>
      findings.map(async (finding) => ({
        ruleId: ruleIdOf(finding),
        ruleIndex: ruleIds.indexOf(ruleIdOf(finding)),
        kind: 'fail',
        level: finding.level,
        message: { text: messageText(textOf(finding)) },
        locations: [{ ...location(uri, index), ...logicalLocation(finding.image) }],
        // The name under which code scanning looks for it: the same finding in a later run is the same alert.
        partialFingerprints: { primaryLocationLineHash: await fingerprint(uri, finding) },
        properties: { check: finding.check, image: finding.image, cure: finding.cure, facts: finding.facts },
      })),
    ),
  );
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'dfu-verify', version, semanticVersion: version, rules: ruleIds.map(rule) } },
        automationDetails: { id: 'dfu-verify/' },
        invocations: [invocation(judged, exit)],
        artifacts: files.map(({ one, uri }) => artifact(one, uri)),
        results,
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
}

function invocation(judged: readonly JudgedFile[], exit: ExitCode): object {
  const deciding = judged.map(outcomeOf).find((outcome) => outcome.exit === exit);
  return {
    // Whether all could be judged, not whether all was accepted (SARIF 2.1.0, section 3.20.14).
    executionSuccessful: judged.every((one) => 'report' in one),
    exitCode: exit,
    ...(deciding === undefined ? {} : { exitCodeDescription: deciding.word }),
  };
}

function artifact(one: JudgedFile, uri: string): object {
  const common = { location: { uri }, roles: ['analysisTarget'] };
  if ('error' in one) return { ...common, properties: { error: one.error.code } };
  const { size, verdict, judgedAt, packageId, package: told } = one.report;
  const { name, version: release, product, securityCounter } = told ?? {};
  const properties = { verdict, judgedAt, packageId, name, version: release, product, securityCounter };
  return { ...common, length: size, properties };
}

/** Code scanning refuses a result without a line; a package has none, so it is the first. */
function location(uri: string, index: number): object {
  return { physicalLocation: { artifactLocation: { uri, index }, region: { startLine: 1 } } };
}

function logicalLocation(image: string | undefined): object {
  return image === undefined ? {} : { logicalLocations: [{ name: printableLine(image), kind: 'resource' }] };
}

function ruleIdOf({ code }: Finding): string {
  return code ?? WARNING;
}

function rule(id: string): object {
  const { title, cure, exit } =
    id === WARNING
      ? {
          title: 'accepted, with a reservation',
          cure: 'Read the message: it says what is not known.',
          exit: 0,
        }
      : ERRORS[id as ErrorCode];
  return {
    id,
    shortDescription: { text: messageText(title) },
    help: { text: messageText(cure) },
    defaultConfiguration: { level: id === WARNING ? 'warning' : 'error' },
    properties: { tags: ['security', id.replace(/\..*/, '')], exitCode: exit },
  };
}

function textOf({ message, cure }: Finding): string {
  return cure === undefined ? message : `${message}. ${cure}`;
}

/**
 * Text that stands for itself: SARIF takes `{0}` for a placeholder and `[x](y)` for a link (sections 3.11.5 and
 * 3.11.6), and viewers do not agree on how to quote them.
 */
function messageText(text: string): string {
  return printableLine(text).replace(/[{}]|\](?=\()/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

async function fingerprint(uri: string, { code, check, image, message }: Finding): Promise<string> {
  const what = code === undefined ? [WARNING, message] : [code, check ?? '', image ?? ''];
  return toHex(await sha256(utf8(JSON.stringify([uri, ...what]))));
}
