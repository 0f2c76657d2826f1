/** One line of CSV (RFC 4180) with LF, every value in quotes. */
export function csvLine(values: readonly string[]): string {
  return `${values.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\n`;
}

/** The records of a result, by column name; jsforce's own reader takes `;`, `|` and tabs for delimiters too. */
export function csvRecords(text: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...rows] = csvRows(text);
  if (header === undefined) return [];
  return rows.map((row) => Object.fromEntries(header.map((name, at) => [name, row[at] ?? ''])));
}

/** A value is quoted, with doubled quotes inside, or holds neither comma nor line end. */
const VALUE = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  const value = new RegExp(VALUE);
  let row: string[] = [];
  while (value.lastIndex < text.length) {
    const found = value.exec(text);
    if (found === null) throw new Error('The result of the job is no CSV.');
    const [, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',' && value.lastIndex < text.length) continue;
    if (end === ',') row.push('');
    rows.push(row);
    row = [];
  }
  return rows;
}
