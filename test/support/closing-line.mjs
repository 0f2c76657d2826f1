/** Prints, as the very last line of a run, how many tests passed, failed and were skipped. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A suite that cannot even be loaded has no tests to count, and must not look like a good run.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    // The other reporters write to standard error; waiting for the end of the process keeps this line last.
    process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}
