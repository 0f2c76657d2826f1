/** One piece of a statement. White space and comments are left out. */
export interface Token {
  readonly kind: 'string' | 'name' | 'word' | 'sign';
  /** Without quotes, doubled ones undone; a word as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const PIECES =
  /(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*")|(?<skip>\s+|--[^\n]*|\/\*[^]*?\*\/)|(?<word>[\p{L}\p{N}_$]+)|(?<sign>[^])/gu;

/** Splits SQL as Trino reads it: no escapes in strings, comments that do not nest. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(PIECES)) {
    const { string, name, word, sign } = match.groups ?? {};
    const span = { start: match.index, end: match.index + match[0].length };
    if (string !== undefined)
      tokens.push({ kind: 'string', text: string.slice(1, -1).replaceAll("''", "'"), ...span });
    else if (name !== undefined)
      tokens.push({ kind: 'name', text: name.slice(1, -1).replaceAll('""', '"'), ...span });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, ...span });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, ...span });
  }
  return tokens;
}

/** `line 3:8` of an offset, both counted from 1, as Athena writes positions. */
export function positionAt(sql: string, offset: number): string {
  const before = sql.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${String(line)}:${String(offset - before.lastIndexOf('\n'))}`;
}

/** Position of the first use of a name, or of the beginning of the statement. */
export function positionOfName(sql: string, name: string): string {
  const found = tokenize(sql).find(
    ({ kind, text }) => (kind === 'word' || kind === 'name') && text.toLowerCase() === name.toLowerCase(),
  );
  return positionAt(sql, found?.start ?? 0);
}
