import { fileURLToPath } from 'node:url';
import type { Config } from '@jest/types';
import type { CallbackTestRunner } from 'jest-runner';
import { Worker } from 'jest-worker';
import type { runSuite } from './process.ts';

type RunTests = CallbackTestRunner['runTests'];

/**
 * Runs every suite file in Node itself, in a few processes that live as long as the run. Jest's own runner gives each
 * file a context in which all modules are loaded anew; docs/decisions/0028-suites-in-bare-node.md says what that cost.
 */
export default class Runner {
  readonly isSerial = false;
  readonly supportsEventEmitters = false;
  readonly #config: Config.GlobalConfig;

  constructor(config: Config.GlobalConfig) {
    this.#config = config;
  }

  readonly runTests: RunTests = async (tests, watcher, onStart, onResult, onFailure) => {
    const processes = Math.min(this.#config.maxWorkers, tests.length);
    const pool = new Worker(fileURLToPath(new URL('process.ts', import.meta.url)), {
      exposedMethods: ['runSuite'],
      numWorkers: processes,
      // A process that dies is a failure of its suite, which must not pass at a second attempt.
      maxRetries: 0,
      forkOptions: { stdio: 'inherit' },
    }) as Worker & { runSuite: typeof runSuite };
    const waiting = [...tests];
    const runInTurn = async (): Promise<void> => {
      for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
        if (watcher.isInterrupted()) return;
        await onStart(test);
        try {
          await onResult(test, await pool.runSuite(test.path, this.#config, test.context.config));
        } catch (error) {
          await onFailure(test, { message: String(error), stack: error instanceof Error ? error.stack : '' });
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: processes }, runInTurn));
    } finally {
      await pool.end();
    }
  };
}
