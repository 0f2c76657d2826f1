import fc from 'fast-check';
import type { Period } from '../../pipeline/period.ts';

/** Milliseconds since the Unix epoch, in the years 1901 to 2099. */
export const anInstant = fc.integer({ min: Date.UTC(1901, 0, 1), max: Date.UTC(2099, 11, 31) });

/** Zones with clocks that change at midnight, by half an hour, by 24 hours, by two hours, or never. */
export const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Santiago',
  'America/Havana',
  'America/St_Johns',
  'Asia/Beirut',
  'Asia/Kolkata',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Pacific/Kiritimati',
] as const;

/** A time zone of `ZONES`. */
export const aZone = fc.constantFrom(...ZONES);

/** Irregular cron texts as a period writes them. */
export const anIrregularCron = fc.constantFrom(
  '0 9 * * 1-5',
  '10 9,17 * * *',
  '0,30 0-3 * * *',
  '30 2 * * 0,6',
  '0 4 1,15 * *',
  '0 0 29 2 *',
  '0,7,14,21,28,35,42,49,56 * * * *',
);

/** Periods of every unit in UTC. */
export const aFixedPeriod = fc.constantFrom<Period>(
  '1m',
  '5m',
  '20m',
  '45m',
  '1h',
  '6h',
  '8h',
  '1d',
  '1w',
  '1mo',
);

/** Days, weeks and months of a zone. */
export const aLocalPeriod = fc
  .tuple(fc.constantFrom('1d' as const, '1w' as const, '1mo' as const), aZone)
  .map(([unit, zone]): Period => `${unit}@${zone}`);

/** From tick to tick of an irregular cron text, in UTC or in a zone. */
export const aCronPeriod = fc
  .tuple(anIrregularCron, fc.option(aZone, { nil: undefined }))
  .map(([cron, zone]): Period => (zone === undefined ? `cron(${cron})` : `cron(${cron})@${zone}`));

/** Periods of every kind. */
export const aPeriod = fc.oneof(aFixedPeriod, aLocalPeriod, aCronPeriod);
