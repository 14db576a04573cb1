/** Collections within each other; a recipe needs 5, a trust file 4. */
const MAX_FLOW_DEPTH = 32;
/** Pieces of a text; the largest trust files have some ten thousand. Time and memory of the parser go by them. */
const MAX_TOKENS = 400_000;
/** Where a line's first word, or a `-` or `?` before it, may begin: each level of block collections takes a column at least. */
const MAX_INDENT_COLUMNS = 64;

/** Marks that the lexer puts before what follows them in the text; they are not in it themselves. */
const DOCUMENT_MARK = '\u0002';
const SCALAR_MARK = '\u001f';
const FLOW_END_MARK = '\u0018';

const TOO_DEEP = 'nested deeper than anything that is read here';

/**
 * Where a YAML text goes beyond what is read here, as an offset, and how; `undefined` where it does not. The parser descends
 * into each level by a call: without this a small file could use up the stack, and end the process. `tokens` are those of the
 * yaml library's lexer, which does not descend; `typeOf` is its `CST.tokenType`.
 */
export function beyondLimits(
  tokens: Iterable<string>,
  typeOf: (token: string) => string | null,
): { offset: number; what: string } | undefined {
  let offset = 0;
  let count = 0;
  let lineStart = 0;
  let firstOfLine = true;
  let flowDepth = 0;
  let marked = '';
  for (const token of tokens) {
    if (++count > MAX_TOKENS) return { offset, what: 'longer than anything that is read here' };
    if (marked !== SCALAR_MARK && [DOCUMENT_MARK, SCALAR_MARK, FLOW_END_MARK].includes(token)) {
      marked = token;
      continue;
    }
    const type = marked === SCALAR_MARK ? 'scalar' : typeOf(token);
    marked = '';
    if (type === 'flow-seq-start' || type === 'flow-map-start') flowDepth++;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flowDepth--;
    if (flowDepth > MAX_FLOW_DEPTH) return { offset, what: TOO_DEEP };
    const opens = type === 'seq-item-ind' || type === 'explicit-key-ind';
    const nothing = type === 'space' || type === 'newline' || type === 'comment';
    const indents = flowDepth <= 0 && (opens || (firstOfLine && !nothing));
    if (indents && offset - lineStart > MAX_INDENT_COLUMNS) return { offset, what: TOO_DEEP };
    if (!nothing) firstOfLine = false;
    const lineEnd = token.lastIndexOf('\n');
    if (lineEnd >= 0) {
      lineStart = offset + lineEnd + 1;
      firstOfLine = true;
    }
    offset += token.length;
  }
  return undefined;
}
