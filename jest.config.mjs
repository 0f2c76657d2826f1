/** One configuration for the three speeds of tests; see docs/testing.md. */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Node runs the suites and what they test, and strips their types as everywhere else.
  transform: {},
  // Jest's list of the files stays with the project; elsewhere it would be left behind.
  cacheDirectory: '<rootDir>/.cache/jest',
  runner: '<rootDir>/test/runner/runner.ts',
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/closing-line.mjs'],
  // A guarantee has no speed: on a busy machine a test takes its time, and only one that hangs is ended.
  testTimeout: 180_000,
  // Three on two cores: what suites do is in part waiting for servers.
  maxWorkers: 3,
};
