#!/usr/bin/env node
// Starts the program beside this file. Half of a short run would go to compiling it, so the build keeps V8's compiled
// code for its own Node version and machine; everywhere else, and under other V8 flags, the source is compiled as usual.
// The code's file is called by the SHA-256 of the source: V8 compares no more than its length, and would run the code of
// another state of it, such as one without a repair.
'use strict';
const { createHash } = require('node:crypto');
const { existsSync, readFileSync } = require('node:fs');
const { basename } = require('node:path');
const { Script } = require('node:vm');

const source = `./${basename(__filename, '.js')}.program.js`;
const filename = require.resolve(source);
const bytes = readFileSync(filename);
const digest = createHash('sha256').update(bytes).digest('hex');
const cache = `${filename}.${digest}.${process.version}-${process.platform}-${process.arch}.cache`;

if (existsSync(cache)) {
  // The same text as in scripts/code-cache.mjs: V8 compares their lengths.
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${bytes.latin1Slice()}\n})`;
  const script = new Script(wrapped, { filename, cachedData: readFileSync(cache) });
  script.runInThisContext()(exports, require, module, filename, __dirname);
} else {
  require(source);
}
