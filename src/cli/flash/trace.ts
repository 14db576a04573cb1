import { describeTrace, renderTrace } from '../../flash/trace-document.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import { readTrace } from './replay-option.ts';

export interface TraceOptions {
  json?: boolean;
}

/** dfu-flash trace: a record in words, frame by frame. Errors are `trace.malformed` and those of files. */
export async function trace(io: Io, file: string, options: TraceOptions): Promise<number> {
  const document = describeTrace(await readTrace(io, file));
  if (options.json) printJson(io, document);
  else io.out(renderTrace(document));
  return 0;
}
