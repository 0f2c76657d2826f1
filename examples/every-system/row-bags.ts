import type { Row } from '../flights/row-differences.ts';

/**
 * Compares two sets of rows that need no key: every row has to be there as often as it is expected, with all of its
 * values. The order of rows and of columns does not matter.
 */
export function compareBags(
  what: string,
  expected: readonly Row[],
  found: readonly Row[],
): readonly string[] {
  const balance = new Map<string, number>();
  for (const [rows, sign] of [
    [expected, 1],
    [found, -1],
  ] as const)
    for (const row of rows) {
      const name = nameOf(row);
      balance.set(name, (balance.get(name) ?? 0) + sign);
    }
  return [...balance]
    .filter(([, owed]) => owed !== 0)
    .map(
      ([name, owed]) =>
        `${what}: the row ${name} is ${owed > 0 ? 'missing' : 'too many'}${Math.abs(owed) === 1 ? '' : `, ${Math.abs(owed)} times`}`,
    );
}

function nameOf(row: Row): string {
  const values = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1));
  return values
    .map(([column, value]) => `${column}=${value === null ? 'NULL' : JSON.stringify(value)}`)
    .join(' ');
}
