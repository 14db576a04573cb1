import { DfuError, type ErrorCode } from '../core/errors.ts';
import { printableLine, shown } from '../core/text.ts';
import { nestedTooDeep } from './yaml-nesting.ts';

/**
 * The value of a YAML text: one document, YAML 1.2, core schema. What lets a text mean something else than it seems to
 * is refused: anchors, aliases, tags, merge keys, directives, a key twice. `name` is the file's, for messages.
 * Throws `code` with line and column.
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
  const deep = nestedTooDeep(new Lexer().lex(text), CST.tokenType);
  if (deep !== undefined) {
    lines.addNewLine(0);
    for (let at = text.indexOf('\n'); at >= 0 && at < deep; at = text.indexOf('\n', at + 1)) {
      lines.addNewLine(at + 1);
    }
    refuse('nested deeper than anything that is read here', deep);
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: true,
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
      if (!isMap(node)) return undefined;
      for (const { key } of node.items) {
        const at = isNode(key) ? (key.range?.[0] ?? offset) : offset;
        if (!isScalar(key) || typeof key.value !== 'string') return refuse('a key must be a text', at);
        if (key.value === '<<') return refuse('merge keys are not allowed', at);
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
