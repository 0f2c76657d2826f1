/*
 * The `tracestate` of W3C Trace Context: what tracing systems pass on to each other beside a `traceparent`, which none of them but its
 * owner understands (W3C, "Trace Context", section 3.3).
 */

/** One member: a key that one system owns, and its value. */
const MEMBER =
  /^(?<key>[a-z0-9][a-z0-9_\-*/@]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const BLANKS_AROUND = /^[ \t]+|[ \t]+$/g;
const MOST_MEMBERS = 32;
/** Longest text that is looked at: one of 32 members of the longest keys and values is shorter. */
const LONGEST = 17_000;
/** Characters that everybody passes on. */
const PASSED_ON = 512;
/** Members of more characters go first where something has to go. */
const LARGE = 128;

/** As it is kept and passed on. Undefined for whatever is none: nothing is kept of a list that breaks the rules anywhere. */
export function readTracestate(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const members = value
    .split(',')
    .map((member) => member.replace(BLANKS_AROUND, ''))
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => MEMBER.exec(member)?.groups?.['key']));
  if (members.length > MOST_MEMBERS || keys.size < members.length || keys.has(undefined)) return undefined;
  const kept = fitted(members).join(',');
  return kept === '' ? undefined : kept;
}

/** Of a list that is too long the large members go, and then the others, from its end: the newest stand in front. */
function fitted(members: readonly string[]): readonly string[] {
  const kept = [...members];
  while (kept.join(',').length > PASSED_ON) {
    const large = kept.findLastIndex(({ length }) => length > LARGE);
    kept.splice(large === -1 ? kept.length - 1 : large, 1);
  }
  return kept;
}
