/**
 * What suites import from `@jest/globals`, which that package itself gives out only within a context of jest's own.
 * `process.ts` puts this in its place.
 */
export { jestExpect as expect } from '@jest/expect';
export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'jest-circus';
