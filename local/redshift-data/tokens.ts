/**
 * The lexical structure of Redshift SQL, just enough to look at statements without touching what stands inside
 * literals, quoted names and comments. Concatenating `text` of all tokens gives the input back.
 */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'space' | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Upper-cased for words, else the text itself: what keywords are compared with. */
  readonly key: string;
}

const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /(?:\s+|--[^\n]*(?:\n|$))+/y],
  // Redshift reads backslashes in literals as escapes, as PostgreSQL 8 did.
  ['string', /[eE]?'(?:[^'\\]|''|\\[\s\S])*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['word', /[A-Za-z_\u0080-\uffff#][A-Za-z0-9_$\u0080-\uffff#]*/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['punctuation', /::/y],
  ['parameter', /:[A-Za-z_0-9]+/y],
];

/** @throws SyntaxError when a literal, a quoted name or a comment is not closed. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const token = readToken(sql, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function readToken(sql: string, at: number): Token {
  if (sql.startsWith('/*', at)) return make('space', sql.slice(at, endOfComment(sql, at)));
  if (sql.startsWith('$$', at)) return make('string', sql.slice(at, endOfDollarQuote(sql, at)));
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined) return make(kind, text);
  }
  const char = sql[at] ?? '';
  if (char === "'") throw new SyntaxError('unterminated quoted string');
  if (char === '"') throw new SyntaxError('unterminated quoted identifier');
  return make('punctuation', String.fromCodePoint(sql.codePointAt(at) ?? 0));
}

function make(kind: TokenKind, text: string): Token {
  return { kind, text, key: kind === 'word' ? text.toUpperCase() : text };
}

function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  throw new SyntaxError('unterminated comment');
}

function endOfDollarQuote(sql: string, start: number): number {
  const end = sql.indexOf('$$', start + 2);
  if (end < 0) throw new SyntaxError('unterminated dollar-quoted string');
  return end + 2;
}

/** Without blanks and comments. */
export function significant(tokens: readonly Token[]): Token[] {
  return tokens.filter((token) => token.kind !== 'space');
}

/** Joined with one blank where two tokens would otherwise run together. */
export function join(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join('');
}

export function synthetic(text: string, kind: TokenKind = 'word'): Token {
  return make(kind, text);
}

/** Index of the `)` that closes the `(` at `open`; the last index when it is never closed. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const key = tokens[at]?.key;
    if (key === '(') depth++;
    else if (key === ')' && --depth === 0) return at;
  }
  return tokens.length - 1;
}

/** Index of the next token that is not blank, from `from` on; `tokens.length` when there is none. */
export function next(tokens: readonly Token[], from: number): number {
  let at = from;
  while (tokens[at]?.kind === 'space') at++;
  return at;
}

/** The pieces between commas of the same depth inside `(` … `)`. */
export function splitByComma(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.key === '(') depth++;
    else if (token.key === ')') depth--;
    if (token.key === ',' && depth === 0) pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return pieces;
}

/** The value of a string literal, escapes resolved. */
export function literalValue(token: Token): string {
  return token.text
    .replace(/^[eE]?'/, '')
    .slice(0, -1)
    .replace(/''|\\([\s\S])/g, (pair: string, escaped?: string) => {
      if (pair === "''") return "'";
      return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[escaped ?? ''] ?? escaped ?? '';
    });
}
