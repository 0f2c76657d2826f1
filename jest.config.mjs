/** One configuration for the three speeds of tests; see docs/testing.md. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/closing-line.mjs'],
  // A guarantee has no speed: on a busy machine a test takes its time, and only one that hangs is ended.
  testTimeout: 180_000,
  // Three on two cores: what suites do is in part waiting for servers.
  maxWorkers: 3,
};
