import shared from '../../jest.config.mjs';

/** Pages that take minutes to play: each is typed from top to bottom on real systems; see docs/testing.md. */
export default {
  ...shared,
  rootDir: '../..',
  roots: ['<rootDir>/test/pages'],
  testMatch: ['<rootDir>/test/pages/*.page.ts'],
  // Each has servers of its own for all systems, and shows how things are for somebody who plays it alone.
  maxWorkers: 1,
};
