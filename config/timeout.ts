const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const LONGEST_TIMEOUT = 7 * 86_400;
const LONGEST_DEADLINE = 90 * 86_400;
const SHORTEST_RETENTION = 30 * 86_400;
const LONGEST_AGE = 3660 * 86_400;

/** Seconds of `45s`, `30m`, `2h` or `1d`; undefined when the text is no such time or not between 1 s and 7 days. */
export function parseTimeout(text: string): number | undefined {
  return parseSeconds(text, LONGEST_TIMEOUT);
}

/** Seconds after the end of an interval; undefined when the text is no such time or not between 1 s and 90 days. */
export function parseDeadline(text: string): number | undefined {
  return parseSeconds(text, LONGEST_DEADLINE);
}

/** Seconds of an age; undefined when the text is no such time or not between 1 s and ten years. */
export function parseAge(text: string): number | undefined {
  return parseSeconds(text, LONGEST_AGE);
}

/** Seconds for which events are kept; undefined when the text is no such time or not between 30 days and ten years. */
export function parseRetention(text: string): number | undefined {
  const seconds = parseAge(text);
  return seconds === undefined || seconds < SHORTEST_RETENTION ? undefined : seconds;
}

function parseSeconds(text: string, longest: number): number | undefined {
  const match = /^(\d{1,7})([smhd])$/.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? Number.NaN);
  return seconds >= 1 && seconds <= longest ? seconds : undefined;
}
