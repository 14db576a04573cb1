// Starts programs for the process that has the pseudo-terminals: what that one starts itself would inherit their far
// ends, and a port that is pulled would stay. Messages: { id, args, longestMs } in, { id, exit, stdout, stderr } out.
import { spawn } from 'node:child_process';

process.on('message', ({ id, args, longestMs }) => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: longestMs });
  const texts = ['', ''];
  for (const [i, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding('utf8').on('data', (text) => {
      texts[i] += text;
    });
  }
  child.on('close', (exit) => process.send({ id, exit, stdout: texts[0], stderr: texts[1] }));
});
