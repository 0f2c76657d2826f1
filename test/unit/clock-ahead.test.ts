import { expect, test } from '@jest/globals';
import { clockAhead } from '../../pipeline/clock-ahead.ts';

const NOW = Date.UTC(2020, 2, 3, 11);
const at = (minutes: number): string => new Date(NOW - minutes * 60_000).toUTCString();

test("a clock is ahead of or behind a server's by what its answer says, and right where it is nearly so or nobody says", () => {
  expect(clockAhead(at(180), NOW)).toBe(180 * 60_000);
  expect(clockAhead(at(-2), NOW)).toBe(-2 * 60_000);
  expect([clockAhead(at(0.5), NOW), clockAhead(at(-0.5), NOW)]).toEqual([0, 0]);
  expect([clockAhead(null, NOW), clockAhead('soon', NOW)]).toEqual([0, 0]);
});
