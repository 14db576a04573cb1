// Puts a counter into every branch of a JavaScript module: what the fuzzer goes by.
import { parseAst } from 'vitest/node';

/**
 * The module with counters in `globalThis.dfukitCounters`, numbered from `from` on, the number after its last, and the
 * strings and numbers in it.
 * Functions, the ways of `if`, `?:` and `switch`, loops, the right sides of `&&`, `||`, `??`, and `catch` are counted.
 */
export function instrument(code, from) {
  /** Text to put in, by offset; at one offset in the order in which it was found. */
  const insertions = [];
  const words = new Set();
  let count = from;
  const counter = () => `dfukitCounters[${count++}]++`;
  const insert = (at, text) => insertions.push({ at, text });
  const inBlock = (node) => insert(node.start + 1, `${counter()};`);
  const statement = (node) => {
    if (node.type === 'BlockStatement') return inBlock(node);
    insert(node.start, `{${counter()};`);
    closings.push({ at: node.end, text: '}' });
  };
  const expression = (node) => {
    insert(node.start, `(${counter()},`);
    closings.push({ at: node.end, text: ')' });
  };
  const closings = [];

  const visit = (node, parent) => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, parent);
      return;
    }
    if (node === null || typeof node !== 'object' || typeof node.type !== 'string') return;
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.body.type === 'BlockStatement') inBlock(node.body);
        break;
      case 'IfStatement':
        statement(node.consequent);
        if (node.alternate && node.alternate.type !== 'IfStatement') statement(node.alternate);
        break;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        statement(node.body);
        break;
      case 'ConditionalExpression':
        expression(node.consequent);
        expression(node.alternate);
        break;
      case 'LogicalExpression':
        expression(node.right);
        break;
      case 'SwitchCase':
        if (node.consequent.length > 0) insert(node.consequent[0].start, `${counter()};`);
        break;
      case 'CatchClause':
        inBlock(node.body);
        break;
      case 'Literal':
        if (typeof node.value === 'string' && node.value.length > 1 && node.value.length <= 64)
          words.add(node.value);
        if (typeof node.value === 'number' && node.value > 16) words.add(node.value);
        break;
    }
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'type' && typeof value === 'object') visit(value, node);
    }
  };
  visit(parseAst(code).body);

  // What closes goes in front of what opens at the same place; of two that close, the order does not matter.
  const all = [...closings.map((c) => ({ ...c, rank: 0 })), ...insertions.map((i) => ({ ...i, rank: 1 }))];
  all.sort((a, b) => a.at - b.at || a.rank - b.rank);
  let made = '';
  let done = 0;
  for (const { at, text } of all) {
    made += code.slice(done, at) + text;
    done = at;
  }
  return { code: made + code.slice(done), count, words: [...words] };
}
