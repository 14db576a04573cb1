/**
 * The candidate that a mistyped word most likely means: at most one edit (a letter too many, missing, wrong, or two
 * swapped) for every three letters. Undefined where none is that near. Of equally near ones the first.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  // Longer words are no slips of the finger, and comparing takes the product of the lengths.
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let bestEdits = Math.floor(word.length / 3) + 1;
  for (const candidate of candidates) {
    const count = edits(word.toLowerCase(), candidate.toLowerCase());
    if (count < bestEdits) [best, bestEdits] = [candidate, count];
  }
  return best;
}

/** How many edits lead from the one to the other (optimal string alignment). */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let count = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) count = Math.min(count, (beforeLast[column - 2] ?? 0) + 1);
      current.push(count);
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}
