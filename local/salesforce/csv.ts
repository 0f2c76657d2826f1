/** Says which line end was expected and not found. */
export class LineEndMismatch extends Error {}

/** Records of a CSV (RFC 4180) whose lines end as the job says. */
export function parseCsv(text: string, lineEnd: '\n' | '\r\n'): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const { value, next } = text[at] === '"' ? quotedValue(text, at) : plainValue(text, at);
    row.push(value);
    at = next;
    if (text[at] === ',') {
      at += 1;
      if (at === text.length) row.push('');
      else continue;
    }
    if (at < text.length) {
      if (!text.startsWith(lineEnd, at)) throw new LineEndMismatch('another line end, or text after a quote');
      at += lineEnd.length;
    }
    rows.push(row);
    row = [];
  }
  return rows;
}

function plainValue(text: string, at: number): { value: string; next: number } {
  const end = /[,\r\n]/g;
  end.lastIndex = at;
  const next = end.exec(text)?.index ?? text.length;
  return { value: text.slice(at, next), next };
}

function quotedValue(text: string, at: number): { value: string; next: number } {
  let end = text.indexOf('"', at + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  if (end < 0) throw new Error('A quoted value is not closed.');
  return { value: text.slice(at + 1, end).replaceAll('""', '"'), next: end + 1 };
}

/** Results quote every value. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\n`).join('');
}
