import { quote } from './views.ts';

/** A SELECT of the values of a result as Athena writes them. */
export function asText(
  query: string,
  columns: readonly { readonly name: string; readonly type: string }[],
): string {
  const values = columns.map(
    ({ type }, at) => `${textOf(`c${String(at)}`, type)} AS ${quote(`c${String(at)}`)}`,
  );
  const names = columns.map((_, at) => `c${String(at)}`);
  return `SELECT ${values.join(', ')} FROM (${query}) AS q(${names.join(', ')})`;
}

function textOf(column: string, type: string): string {
  if (type === 'TIMESTAMP') return `strftime(${column}, '%Y-%m-%d %H:%M:%S.%g')`;
  if (type === 'TIMESTAMP WITH TIME ZONE') return `strftime(${column}, '%Y-%m-%d %H:%M:%S.%g') || ' UTC'`;
  // Bytes in hexadecimal, with blanks between.
  if (type === 'BLOB') return `rtrim(regexp_replace(lower(hex(${column})), '(..)', '\\1 ', 'g'))`;
  return `CAST(${column} AS VARCHAR)`;
}

/** The file that Athena leaves in the output location: a heading, all values in quotes, NULL as nothing. */
export function resultFile(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): string {
  const line = (cells: readonly (string | null)[]): string =>
    cells.map((cell) => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`)).join(',');
  return [columns, ...rows].map((cells) => `${line(cells)}\n`).join('');
}
