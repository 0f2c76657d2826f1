import { floorLocal } from './local-calendar.ts';
import { floorToPeriod, zoneOf, type Period } from './period.ts';
import { matchTextFormat, type TextFormat, type TimePart } from './text-format.ts';
import { offsetAt } from './time-zone.ts';
import { labelAt, labelForTick, parseTimelabel, type Timelabel } from './timelabel.ts';

/** How a time is written: in a text of a format, or in one of these ways. */
export const TIME_WRITINGS = ['iso', 'epoch_seconds', 'epoch_milliseconds'] as const;
export type TimeWriting = (typeof TIME_WRITINGS)[number];

/** Which interval a time means: `holding`, the one that the time lies in; `closed`, the last one that had ended by then. */
export const TIME_INTERVALS = ['holding', 'closed'] as const;
export type TimeInterval = (typeof TIME_INTERVALS)[number];

export interface LabelReading {
  readonly format: TextFormat | TimeWriting;
  /** The period of the dataset; its zone is that of the dates in a text. */
  readonly period?: Period | undefined;
  /** Absent, the time is itself the start of the interval. */
  readonly interval?: TimeInterval | undefined;
}

/** An instant that a label can name. */
const EARLIEST = Date.UTC(1000, 0, 1);
const LATEST = Date.UTC(9999, 11, 31);

/** The label that a value of a foreign message means; undefined when it holds no time that is written so. */
export function readForeignLabel(
  { format, period, interval }: LabelReading,
  value: unknown,
): Timelabel | undefined {
  const instant = instantOf(format, period, value);
  if (instant === undefined || !(instant >= EARLIEST && instant <= LATEST)) return undefined;
  if (interval === undefined || period === undefined)
    return instant % 60_000 === 0 ? labelAt(instant) : undefined;
  return interval === 'closed' ? labelForTick(period, instant) : labelAt(floorToPeriod(period, instant));
}

function instantOf(
  format: LabelReading['format'],
  period: Period | undefined,
  value: unknown,
): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  switch (format) {
    case 'iso':
      return isoInstant(text, zoneOfPeriod(period));
    case 'epoch_seconds':
      return /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : undefined;
    case 'epoch_milliseconds':
      return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    default: {
      const parts = matchTextFormat(format, text);
      return parts === undefined ? undefined : instantOfParts(parts, zoneOfPeriod(period));
    }
  }
}

/** ISO 8601 as RFC 3339 has it: a date, or a date and a time with its offset. A time without one could be anybody's. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2}))?$/;

function isoInstant(text: string, zone: string | undefined): number | undefined {
  const match = ISO.exec(text);
  const [, year = '', month = '', day = '', hour, minute = ''] = match ?? [];
  if (match === null) return undefined;
  if (hour === undefined) return instantOfParts({ year, month, day }, zone);
  // Date.parse takes the 31st of February for the 2nd of March.
  if (parseTimelabel(`${year}${month}${day}${hour}${minute}00`) === undefined) return undefined;
  const written = text.toUpperCase().replace(' ', 'T');
  const instant = Date.parse(written.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(instant) ? undefined : instant;
}

/** Parts of a date are those of the calendar by which the dataset is cut; a whole timelabel is UTC already. */
function instantOfParts(
  parts: Partial<Readonly<Record<TimePart, string>>>,
  zone: string | undefined,
): number | undefined {
  const { year = '', month = '01', day = '01', hour = '00', minute = '00' } = parts;
  const text = parts.timelabel ?? `${year}${month}${day}${hour}${minute}00`;
  if (parseTimelabel(text) === undefined) return undefined;
  const [clockHour, clockMinute] = [Number(text.slice(8, 10)), Number(text.slice(10, 12))];
  const date = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8)));
  const clock = date + (clockHour * 60 + clockMinute) * 60_000;
  if (zone === undefined || parts.timelabel !== undefined) return clock;
  if (parts.hour !== undefined) return onClock(zone, clock);
  // Noon is on every clock; where midnight is skipped the day begins later.
  return floorLocal('1d', zone, onClock(zone, date + 12 * 3_600_000));
}

/** The instant at which a clock of the zone shows this time, itself in milliseconds since 1970-01-01 00:00 on that clock. */
function onClock(zone: string, clock: number): number {
  return clock - offsetAt(zone, clock - offsetAt(zone, clock));
}

function zoneOfPeriod(period: Period | undefined): string | undefined {
  return period === undefined ? undefined : zoneOf(period);
}
