/** A stretch of time in which the clocks of a zone run with one offset: local time is `instant + offset`, in milliseconds. */
export interface OffsetSpan {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly offset: number;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** Names under which the tz database keeps UTC itself; a period in one of them is a period without a zone. */
const UTC_NAMES = /^(Etc\/)?(UTC|UCT|GMT|GMT0|GMT[+-]0|Greenwich|Universal|Zulu)$/;

const formats = new Map<string, Intl.DateTimeFormat>();
const years = new Map<string, readonly OffsetSpan[]>();

/**
 * True for a name of the IANA tz database such as `Europe/Berlin`, in the capitals of the database: Temporal's server looks names up
 * as files, so it would not find `europe/berlin`.
 */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(text)) return false;
  try {
    formatOf(text);
    return true;
  } catch {
    return false;
  }
}

/** The zone, or undefined when it is UTC under one of its names. */
export function withoutUtc(zone: string | undefined): string | undefined {
  return zone === undefined || UTC_NAMES.test(zone) ? undefined : zone;
}

/** True when both names stand for one zone, as `Asia/Calcutta` and `Asia/Kolkata` do. Undefined is UTC. */
export function sameZone(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || formatOf(a).resolvedOptions().timeZone === formatOf(b).resolvedOptions().timeZone;
}

/**
 * The spans that overlap `from` (inclusive) to `to` (exclusive), in order, without a gap. Neighbours may have the same
 * offset. Without a zone the clocks run in UTC.
 */
export function offsetSpans(zone: string | undefined, from: number, to: number): readonly OffsetSpan[] {
  if (zone === undefined) return [{ start: from, end: to, offset: 0 }];
  const spans: OffsetSpan[] = [];
  const last = new Date(to - 1).getUTCFullYear();
  for (let year = new Date(from).getUTCFullYear(); year <= last; year += 1) {
    for (const span of spansOfYear(zone, year)) if (span.start < to && span.end > from) spans.push(span);
  }
  return spans;
}

/** The offset that the clocks of a zone have at an instant; 0 without a zone. */
export function offsetAt(zone: string | undefined, instant: number): number {
  return offsetSpans(zone, instant, instant + 1)[0]?.offset ?? 0;
}

/** Looked up once for each zone and year: asking Intl costs 2 microseconds, which adds up where labels are walked. */
function spansOfYear(zone: string, year: number): readonly OffsetSpan[] {
  const key = `${zone} ${String(year)}`;
  const known = years.get(key);
  if (known !== undefined) return known;
  const spans: OffsetSpan[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  let start = Date.UTC(year, 0, 1);
  let offset = readOffset(zone, start);
  for (let at = start + DAY; at <= end; at += DAY) {
    const next = readOffset(zone, at);
    if (next === offset) continue;
    const change = changeBetween(zone, at - DAY, at, offset);
    // A change at the very end of the year begins the next one.
    if (change >= end) break;
    spans.push({ start, end: change, offset });
    start = change;
    offset = next;
  }
  spans.push({ start, end, offset });
  years.set(key, spans);
  return spans;
}

/** The first whole minute after `from` at which the offset is no longer `offset`. */
function changeBetween(zone: string, from: number, to: number, offset: number): number {
  let [low, high] = [from, to];
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
    if (readOffset(zone, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** Local mean times of the 19th century had seconds; labels have none, so they are cut off. */
function readOffset(zone: string, instant: number): number {
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(formatOf(zone).format(instant));
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -minutes : minutes) * MINUTE;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  return format;
}
