/** The candidate that the author most likely meant, or undefined when none is close. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Names of an open list that are shown. */
const SHOWN = 8;

/** A cure for an unknown name: the nearest known one, else the first few that are known. A closed list is shown whole. */
export function suggest(
  text: string,
  known: Iterable<string>,
  otherwise: string,
  list: 'open' | 'closed' = 'open',
): string {
  const names = [...known];
  const close = nearest(text, names);
  if (close !== undefined) return `did you mean ${close}?`;
  if (names.length === 0) return otherwise;
  const shown = list === 'closed' ? names : names.slice(0, SHOWN);
  return `${otherwise}; known: ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}

/** Levenshtein distance; stops counting at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit;
}
