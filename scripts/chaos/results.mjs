// The results of many runs as a page of text.

export function resultTable(results, { seed, speed, seconds, unhandled, leaked }) {
  const outcomes = new Map();
  for (const { drawn, report } of results) {
    const row = `${drawn.device} by ${drawn.protocol}`;
    const counts = outcomes.get(row) ?? { runs: 0, first: 0, again: 0, found: 0, codes: new Map() };
    outcomes.set(row, counts);
    counts.runs++;
    if (report?.result === 'flashed') {
      const { attempts } = report;
      if (attempts.at(-1).error !== undefined) counts.found++;
      else if (attempts.length === 1) counts.first++;
      else counts.again++;
    } else {
      const code = report?.error?.code ?? 'none';
      counts.codes.set(code, (counts.codes.get(code) ?? 0) + 1);
    }
  }
  const programs = results.filter(({ byProgram }) => byProgram).length;
  const struck = results.reduce((sum, { struck = 0 }) => sum + struck, 0);
  const broken = results.filter((result) => result.broken.length > 0).map(({ drawn }) => drawn.seed);
  const longest = Math.max(...results.map(({ faultyMs = 0 }) => faultyMs));
  return `${[
    `${results.length} runs, seeds ${seed} to ${seed + results.length - 1}; ${programs} of them the built program in real time, the others the library`,
    `with time ${speed} times as fast. ${struck} faults struck. Each run was followed by a clean one on the same device.`,
    '',
    '| device | runs | flashed at once | after starting over | found to run after all | failed |',
    '|---|---|---|---|---|---|',
    ...[...outcomes].sort().map(([row, { runs, first, again, found, codes }]) => {
      const failed = [...codes]
        .sort()
        .map(([code, count]) => `${count} ${code}`)
        .join(', ');
      return `| ${row} | ${runs} | ${first} | ${again} | ${found} | ${failed} |`;
    }),
    '',
    `Longest run: ${(longest / 1000).toFixed(0)} s of the device's time. All in ${seconds.toFixed(0)} s.`,
    `Broken promises: ${broken.length === 0 ? 'none' : `seeds ${broken.join(', ')}`}. Unhandled rejections: ${unhandled}. Leaked handles: ${leaked ? 'yes' : 'none'}.`,
  ].join('\n')}\n`;
}
