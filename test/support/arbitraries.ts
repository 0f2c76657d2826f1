import fc from 'fast-check';
import type { Period } from '../../pipeline/period.ts';

/** Milliseconds since the Unix epoch, in the years 1901 to 2099. */
export const anInstant = fc.integer({ min: Date.UTC(1901, 0, 1), max: Date.UTC(2099, 11, 31) });

/** Periods of every unit. */
export const aPeriod = fc.constantFrom<Period>('1m', '5m', '20m', '45m', '1h', '6h', '8h', '1d', '1w', '1mo');
