/** Prints, after a run, which connector showed which behaviour, which failed, and which was skipped for what reason. */
export default class MatrixReporter {
  onRunComplete(_contexts, results) {
    const cells = results.testResults.flatMap((suite) => suite.testResults);
    if (cells.length === 0) return;
    const columns = [...new Set(cells.map(({ ancestorTitles: [column] }) => column))].sort();
    const rows = new Map();
    const reasons = [];
    for (const { ancestorTitles, title, status } of cells) {
      const [, behaviour, reason] = /^(.*?)(?: \(skipped: (.*)\))?$/su.exec(title);
      const row = rows.get(behaviour) ?? rows.set(behaviour, new Map()).get(behaviour);
      row.set(ancestorTitles[0], reason === undefined ? (WORDS[status] ?? status) : noteOf(reasons, reason));
    }
    const width = Math.max(...[...rows.keys()].map((name) => name.length));
    const line = (name, values) =>
      [name.padEnd(width), ...columns.map((column, at) => values[at].padEnd(column.length))]
        .join('  ')
        .trimEnd();
    const table = [...rows].map(([name, row]) =>
      line(
        name,
        columns.map((column) => row.get(column) ?? 'MISSING'),
      ),
    );
    const notes = reasons.map((reason, at) => `skip ${at + 1}: ${reason}`);
    process.once('exit', () =>
      process.stdout.write(`${['', line('', columns), ...table, ...notes].join('\n')}\n`),
    );
  }
}

const WORDS = { passed: 'ok', failed: 'FAILED', pending: 'not run' };

function noteOf(reasons, reason) {
  if (!reasons.includes(reason)) reasons.push(reason);
  return `skip ${reasons.indexOf(reason) + 1}`;
}
