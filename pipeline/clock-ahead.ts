/** Times in tokens are forgiven about a minute, and tokens live for a few. Milliseconds. */
const FORGIVEN = 45_000;

/**
 * Milliseconds by which a clock that says `now` is ahead of a server's (behind: below 0), by the `Date` of the server's answer; 0 where
 * the two agree as far as a token needs it, and where the server did not say.
 */
export function clockAhead(date: string | null, now: number): number {
  const ahead = now - Date.parse(date ?? '');
  return Math.abs(ahead) > FORGIVEN ? ahead : 0;
}
