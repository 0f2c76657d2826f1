/** A row as texts, by column. */
export type Row = Readonly<Record<string, string | null>>;

/** Compares two sets of rows by key, column by column; a key that one side has twice is a difference as well. */
export function compareRows(
  what: string,
  key: readonly string[],
  expected: readonly Row[],
  found: readonly Row[],
): readonly string[] {
  const differences: string[] = [];
  const keyOf = (row: Row): string => key.map((column) => row[column] ?? '').join(' ');
  const left = new Map(found.map((row) => [keyOf(row), row]));
  if (left.size !== found.length) differences.push(`${what}: ${found.length - left.size} rows repeat a key`);
  for (const row of expected) {
    const name = keyOf(row);
    const other = left.get(name);
    left.delete(name);
    if (other === undefined) differences.push(`${what}: the row ${name} is missing`);
    else {
      const columns = Object.keys(row).filter((column) => row[column] !== other[column]);
      for (const column of columns)
        differences.push(
          `${what}: ${column} of ${name} is ${other[column] ?? 'null'}, and must be ${row[column] ?? 'null'}`,
        );
    }
  }
  for (const name of left.keys())
    differences.push(`${what}: the row ${name} has no counterpart at the source`);
  return differences;
}
