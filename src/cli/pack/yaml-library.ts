// A file of its own without any import of ours: large and seldom needed, it is built apart and loaded when asked for.
export { isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
