import { styleText } from 'node:util';
import { environmentValue, type Io } from './io.ts';

/** Colours the first line of a result, where it goes to a terminal. */
export type Paint = (stream: 'stdout' | 'stderr', colour: 'green' | 'red', text: string) => string;

/** To be called before anything is done: throws `usage.environment` for a NO_COLOR that is set to nothing. */
export function readPaint(io: Io): Paint {
  const wanted = environmentValue(io, 'NO_COLOR') === undefined;
  return (stream, colour, text) => {
    if (!wanted || !io.terminal[stream]) return text;
    const end = text.indexOf('\n');
    // Whether there is a terminal has been asked already.
    return `${styleText(colour, text.slice(0, end), { validateStream: false })}${text.slice(end)}`;
  };
}
