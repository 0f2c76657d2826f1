import shared from '../../jest.config.mjs';

/** The connector contract; see docs/contract.md. */
export default {
  ...shared,
  rootDir: '../..',
  roots: ['<rootDir>/test/contract'],
  testMatch: ['<rootDir>/test/contract/*.contract.ts'],
  setupFiles: ['<rootDir>/test/contract/faults/install.ts'],
  globalSetup: '<rootDir>/test/contract/environment/global-setup.ts',
  globalTeardown: '<rootDir>/test/contract/environment/global-teardown.ts',
  reporters: [
    'default',
    '<rootDir>/test/contract/matrix-reporter.mjs',
    '<rootDir>/test/support/closing-line.mjs',
  ],
};
