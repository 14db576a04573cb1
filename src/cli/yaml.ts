import { DfuError, type ErrorCode } from '../core/errors.ts';
import { printableLine, shown } from '../core/text.ts';
import { beyondLimits } from './yaml-limits.ts';

/**
 * Characters that show a text otherwise than it is read here: control characters but tab and line end, a CR alone and
 * Unicode's line ends (new lines to editors and other readers of YAML, not to this one), marks that turn the direction
 * of writing, byte order marks within.
 */
const MISLEADING = /(?![\t\n]|\r\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;
/** A number that every reader of YAML takes for the same: 010 is 8 to some, 0o10 a text. */
const PLAIN_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * The value of a YAML text: one document, YAML 1.2, core schema. What lets a text mean something else than it seems to
 * is refused: anchors, aliases, tags, merge keys, directives, a key twice, characters that show it otherwise; in a trust
 * file also numbers that are not plain decimals. `name` is the file's, for messages. Throws `code` with line and column.
 */
export async function parseYaml(
  bytes: Uint8Array,
  name: string,
  code: 'recipe.yaml' | 'trust.file-syntax' = 'recipe.yaml',
): Promise<unknown> {
  const { CST, isAlias, isMap, isNode, isScalar, Lexer, LineCounter, parseDocument, visit } = await import(
    './yaml-library.ts'
  );
  const text = decodeUtf8(bytes, name, code);
  const lines = new LineCounter();
  const refuse = (what: string, offset: number): never => {
    const { line, col } = lines.linePos(offset);
    throw new DfuError(code, `${shown(name)}, line ${line}, column ${col}: ${printableLine(what)}`, {
      facts: { file: shown(name), line, column: col },
    });
  };
  // Before the parser runs, which finds the lines by itself.
  const refuseUnparsed = (what: string, offset: number): never => {
    lines.addNewLine(0);
    for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
      lines.addNewLine(at + 1);
    }
    return refuse(what, offset);
  };
  const misleading = text.search(MISLEADING);
  if (misleading >= 0) {
    const character = text.codePointAt(misleading)?.toString(16).toUpperCase().padStart(4, '0');
    refuseUnparsed(`the character U+${character} is not allowed: it hides what is read`, misleading);
  }
  const tooMuch = beyondLimits(new Lexer().lex(text), CST.tokenType);
  if (tooMuch !== undefined) refuseUnparsed(tooMuch.what, tooMuch.offset);
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    // Compares every key with every other, which takes minutes for a large file: done below.
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) refuse(problem.message, problem.pos[0]);
  const { yaml, tags } = document.directives ?? {};
  if (yaml?.explicit === true || Object.keys(tags ?? {}).some((handle) => handle !== '!!')) {
    refuse('directives are not allowed', 0);
  }
  visit(document, {
    Node(_, node) {
      const offset = node.range?.[0] ?? 0;
      if (isAlias(node)) return refuse('aliases are not allowed; write the value out', offset);
      if (node.anchor !== undefined) return refuse('anchors are not allowed', offset);
      if (node.tag !== undefined) return refuse('tags are not allowed; quote what is a text', offset);
      if (isScalar(node) && typeof node.value === 'number' && code === 'trust.file-syntax') {
        if (!PLAIN_NUMBER.test(node.source ?? ''))
          refuse('a number is written in plain decimal digits', offset);
      }
      if (!isMap(node)) return undefined;
      const keys = new Set<string>();
      for (const { key } of node.items) {
        const at = isNode(key) ? (key.range?.[0] ?? offset) : offset;
        if (!isScalar(key) || typeof key.value !== 'string') return refuse('a key must be a text', at);
        if (key.value === '<<') return refuse('merge keys are not allowed', at);
        if (keys.has(key.value)) return refuse('keys must be unique, and this one stands here twice', at);
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return document.toJS({ maxAliasCount: 0 });
}

function decodeUtf8(bytes: Uint8Array, name: string, code: ErrorCode): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DfuError(code, `${shown(name)} is no UTF-8 text`, {
      facts: { file: shown(name) },
      cause,
    });
  }
}
