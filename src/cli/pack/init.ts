import { shown } from '../../core/text.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import { destination, writeOutput } from './output.ts';
import { listTemplates, readTemplate } from './templates.ts';

export interface InitOptions {
  template: string;
  output: string;
  force?: true;
  json?: true;
}

/** `dfu-pack init`: a recipe with comments, to be filled in. */
export async function init(io: Io, options: InitOptions): Promise<number> {
  const { template, output } = options;
  const text = await readTemplate(template);
  const to = await destination(io, output, options.force === true, []);
  await writeOutput(io, to, [text]);
  if (options.json) {
    printJson(io, { formatVersion: 1, command: 'init', template, output });
    return 0;
  }
  io.out(
    `${shown(output)}: a recipe for ${template}. Take the # away before product and file, and say yours,\n` +
      `then: dfu-pack build --recipe ${shown(output)} --fw-version 1.0.0 --key KEY\n`,
  );
  return 0;
}

/** `dfu-pack templates`: what there is. */
export async function templates(io: Io, options: { json?: true }): Promise<number> {
  const all = await listTemplates();
  if (options.json) {
    printJson(io, { formatVersion: 1, command: 'templates', templates: all });
    return 0;
  }
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, title } of all) io.out(`${name.padEnd(width)}  ${title}\n`);
  return 0;
}
