import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

/** What a run with these tests, each `status suite`, prints at its very end. */
function endOf(...tests: string[]): string {
  const testResults = tests.map((text) => {
    const [status = '', ...suite] = text.split(' ');
    return { status, ancestorTitles: ['A file', suite.join(' ')] };
  });
  const count = (wanted: string): number => testResults.filter(({ status }) => status === wanted).length;
  const results = {
    ...{
      numPassedTests: count('passed'),
      numFailedTests: count('failed'),
      numPendingTests: count('pending'),
    },
    ...{ numTodoTests: 0, numRuntimeErrorTestSuites: 0, testResults: [{ testResults }] },
  };
  const reporter = new URL('../support/closing-line.mjs', import.meta.url).href;
  const program = `const { default: ClosingLine } = await import('${reporter}');
    new ClosingLine().onRunComplete(undefined, ${JSON.stringify(results)});
    console.log('said by others');`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
}

test('a run ends with what passed, failed and was skipped', () => {
  expect(endOf('passed A', 'passed B', 'failed B', 'pending C')).toBe(
    'said by others\n2 passed, 1 failed, 1 skipped\n',
  );
});

test('a run says before its last line why suites were skipped, each reason once', () => {
  const reason = 'No server is installed (Debian: install it).';
  expect(endOf(`pending A (skipped: ${reason})`, `pending B (skipped: ${reason})`, 'passed C')).toBe(
    `said by others\n2 skipped: ${reason}\n1 passed, 0 failed, 2 skipped\n`,
  );
});
