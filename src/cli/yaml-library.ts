// A file of its own without any import of ours: large and seldom needed, it is built apart and loaded when asked for.
export { CST, isAlias, isMap, isNode, isScalar, Lexer, LineCounter, parseDocument, visit } from 'yaml';
