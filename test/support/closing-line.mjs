/**
 * Prints, as the very last line of a run, how many tests passed, failed and were skipped, and before it why some were: a suite
 * that needs what the machine lacks says so in its name, `… (skipped: reason)`.
 */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A suite that cannot even be loaded has no tests to count, and must not look like a good run.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    const why = [...reasonsOf(results)].map(([reason, tests]) => `${tests} skipped: ${reason}`);
    // The other reporters write to standard error; waiting for the end of the process keeps this line last.
    process.once('exit', () => process.stdout.write(`${[...why, line].join('\n')}\n`));
  }
}

/** How many tests were skipped for each reason. */
function reasonsOf(results) {
  const reasons = new Map();
  for (const { ancestorTitles, status } of results.testResults.flatMap((suite) => suite.testResults)) {
    const reason = ancestorTitles.map((title) => /\(skipped: (.*)\)$/u.exec(title)?.[1]).find(Boolean);
    if (reason !== undefined && status !== 'passed' && status !== 'failed')
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}
