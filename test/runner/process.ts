import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { jestExpect } from '@jest/expect';
import { createEmptyTestResult, type AssertionResult, type TestResult } from '@jest/test-result';
import type { Circus, Config } from '@jest/types';
import { addEventHandler, getState, resetState, run } from 'jest-circus';
import { formatExecError, formatResultsErrors } from 'jest-message-util';

/** Runs the suites that it is given, one after the other. Errors that no suite awaits fail the one that is under way. */

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals'
      ? { url: new URL('globals.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});

addEventHandler((event) => {
  if (event.name === 'test_start')
    jestExpect.setState({ currentTestName: nameOf(event.test), suppressedErrors: [] });
});

const unhandled = new Map<unknown, unknown>();
process.on('uncaughtException', (error) => unhandled.set(error, error));
process.on('unhandledRejection', (reason, promise) => unhandled.set(promise, reason));
process.on('rejectionHandled', (promise) => unhandled.delete(promise));

// The run has ended, however it did.
process.on('disconnect', () => process.exit(1));

/** What a suite changes in its environment is its own. */
const { env } = process;
const environment = { ...env };

let imports = 0;

/** Runs one suite file and answers what jest's reporters want to know. */
export async function runSuite(
  path: string,
  config: Config.GlobalConfig,
  project: Config.ProjectConfig,
): Promise<TestResult> {
  const start = Date.now();
  for (const file of project.setupFiles) await import(pathToFileURL(file).href);
  resetState();
  const state = getState();
  state.testTimeout = project.testTimeout;
  state.testNamePattern = config.testNamePattern ? new RegExp(config.testNamePattern, 'iu') : null;
  jestExpect.setState({ expand: config.expand, testPath: path });
  // Each time anew, for it is the import that declares the tests; what it imports is loaded once.
  await import(`${pathToFileURL(path).href}?${String((imports += 1))}`);
  const { testResults, unhandledErrors } = await run();
  restoreEnvironment();
  const results = testResults.map(assertionOf);
  const errors = [...unhandledErrors, ...[...unhandled.values()].map((error) => inspect(error))];
  unhandled.clear();
  const end = Date.now();
  const count = (status: AssertionResult['status']): number =>
    results.filter((result) => result.status === status).length;
  const failure = [
    formatResultsErrors(results, project, config, path) ?? '',
    ...errors.map((stack) => formatExecError({ message: '', stack }, project, config, path)),
  ]
    .filter((text) => text !== '')
    .join('\n');
  const empty = createEmptyTestResult();
  return {
    ...empty,
    testFilePath: path,
    testResults: results,
    numPassingTests: count('passed'),
    numFailingTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    failureMessage: failure === '' ? null : failure,
    ...(errors.length === 0 ? {} : { testExecError: { message: '', stack: errors.join('\n') } }),
    perfStats: {
      ...empty.perfStats,
      ...{ start, end, runtime: end - start, slow: end - start > project.slowTestThreshold * 1000 },
    },
  };
}

function restoreEnvironment(): void {
  process.env = env;
  for (const name of Object.keys(env)) if (!(name in environment)) Reflect.deleteProperty(env, name);
  Object.assign(env, environment);
}

function assertionOf(test: Circus.TestResult): AssertionResult {
  const [, ...path] = test.testPath;
  return {
    ancestorTitles: path.slice(0, -1),
    title: path.at(-1) ?? '',
    fullName: path.join(' '),
    status: statusOf(test),
    duration: test.duration ?? null,
    failureMessages: [...test.errors],
    failureDetails: [],
    numPassingAsserts: test.numPassingAsserts,
    invocations: test.invocations,
    retryReasons: [],
  };
}

function statusOf({ status, errors }: Circus.TestResult): AssertionResult['status'] {
  if (status === 'skip') return 'pending';
  if (status === 'todo') return 'todo';
  return errors.length > 0 ? 'failed' : 'passed';
}

function nameOf({ name, parent }: Circus.TestEntry): string {
  const names = [name];
  for (let block: Circus.DescribeBlock | undefined = parent; block.parent !== undefined; block = block.parent)
    names.unshift(block.name);
  return names.join(' ');
}
