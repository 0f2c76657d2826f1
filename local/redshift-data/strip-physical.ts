import { closing, next, splitByComma, synthetic, type Token } from './tokens.ts';

/**
 * Redshift's physical hints mean nothing to PostgreSQL, and its key constraints are informational
 * (https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html): PostgreSQL would enforce them, and
 * a load that doubles rows on Redshift would fail here, or hide a missing merge. Both are taken out.
 */
export function stripTableDefinition(tokens: readonly Token[]): Token[] {
  if (tokens[next(tokens, 0)]?.key === 'ALTER') return stripAlterTable(tokens);
  const open = tokens.findIndex((token) => token.key === '(');
  if (open < 0) return stripClauses(tokens, false);
  const close = closing(tokens, open);
  const body = tokens.slice(open + 1, close);
  return [
    ...tokens.slice(0, open),
    synthetic('(', 'punctuation'),
    ...stripColumns(body),
    synthetic(')', 'punctuation'),
    ...stripClauses(tokens.slice(close + 1), false),
  ];
}

/** Up to the `AS` that starts the query. */
export function stripBeforeQuery(tokens: readonly Token[]): Token[] {
  let depth = 0;
  const as = tokens.findIndex((token) => {
    if (token.key === '(') depth++;
    if (token.key === ')') depth--;
    return depth === 0 && token.key === 'AS';
  });
  return [...stripClauses(tokens.slice(0, as), false), ...tokens.slice(as)];
}

function stripAlterTable(tokens: readonly Token[]): Token[] {
  const keys = tokens.filter((token) => token.kind !== 'space').map((token) => token.key);
  const add = keys.indexOf('ADD');
  if (add < 0) return [...tokens];
  const what = keys[add + 1] ?? '';
  if (['PRIMARY', 'UNIQUE', 'FOREIGN', 'CONSTRAINT'].includes(what)) {
    // Informational on Redshift; the statement stays one that succeeds.
    return [
      synthetic('SELECT', 'word'),
      synthetic(' ', 'space'),
      synthetic('WHERE', 'word'),
      synthetic(' false', 'space'),
    ];
  }
  return sizeTypes(stripClauses(tokens, true));
}

function stripColumns(body: readonly Token[]): Token[] {
  const kept = splitByComma(body).filter((piece) => !isKeyConstraint(piece));
  return kept.flatMap((piece, at) => {
    const stripped = sizeTypes(stripClauses(piece, true));
    return at === 0 ? stripped : [synthetic(', ', 'punctuation'), ...stripped];
  });
}

function isKeyConstraint(piece: readonly Token[]): boolean {
  const keys = piece.filter((token) => token.kind !== 'space').map((token) => token.key);
  const at = keys[0] === 'CONSTRAINT' ? 2 : 0;
  const [first = '', second = ''] = keys.slice(at);
  return (
    (['PRIMARY', 'FOREIGN'].includes(first) && second === 'KEY') || (first === 'UNIQUE' && second === '(')
  );
}

type Clause = readonly [pattern: readonly string[], takes: 'nothing' | 'word' | 'parentheses'];

const TABLE_CLAUSES: readonly Clause[] = [
  [['DISTSTYLE'], 'word'],
  [['DISTKEY'], 'parentheses'],
  [['COMPOUND', 'SORTKEY'], 'parentheses'],
  [['INTERLEAVED', 'SORTKEY'], 'parentheses'],
  [['SORTKEY', 'AUTO'], 'nothing'],
  [['SORTKEY'], 'parentheses'],
  [['ENCODE'], 'word'],
  [['BACKUP'], 'word'],
  [['AUTO', 'REFRESH'], 'word'],
];
const COLUMN_CLAUSES: readonly Clause[] = [
  [['ENCODE'], 'word'],
  [['DISTKEY'], 'nothing'],
  [['SORTKEY'], 'nothing'],
  [['PRIMARY', 'KEY'], 'nothing'],
  [['UNIQUE'], 'nothing'],
];

function stripClauses(tokens: readonly Token[], column: boolean): Token[] {
  const kept: Token[] = [];
  let at = 0;
  // The name of a column may itself be one of the keywords.
  let seen = 0;
  while (at < tokens.length) {
    const token = tokens[at];
    if (token === undefined) break;
    const end =
      column && seen === 0 ? undefined : endOfClause(tokens, at, column ? COLUMN_CLAUSES : TABLE_CLAUSES);
    if (end !== undefined) {
      kept.push(synthetic(' ', 'space'));
      at = end;
      continue;
    }
    if (column && token.key === 'REFERENCES') {
      at = endOfReferences(tokens, at);
      continue;
    }
    if (token.kind !== 'space') seen++;
    kept.push(token);
    at++;
  }
  return kept;
}

function endOfClause(
  tokens: readonly Token[],
  start: number,
  clauses: readonly Clause[],
): number | undefined {
  for (const [pattern, takes] of clauses) {
    let at = start;
    const matches = pattern.every((word, index) => {
      if (index > 0) at = next(tokens, at + 1);
      return tokens[at]?.key === word;
    });
    if (!matches) continue;
    if (takes === 'nothing') return at + 1;
    const following = next(tokens, at + 1);
    if (takes === 'word') return following + 1;
    if (tokens[following]?.key === '(') return closing(tokens, following) + 1;
    return at + 1;
  }
  return undefined;
}

function endOfReferences(tokens: readonly Token[], start: number): number {
  let at = next(tokens, start + 1) + 1;
  while (tokens[at]?.key === '.') at += 2;
  const following = next(tokens, at);
  return tokens[following]?.key === '(' ? closing(tokens, following) + 1 : at;
}

/** Redshift's own lengths: VARCHAR and TEXT are VARCHAR(256), MAX is 65535, DECIMAL is DECIMAL(18,0). */
function sizeTypes(column: readonly Token[]): Token[] {
  const sized: Token[] = [];
  let names = 0;
  for (let at = 0; at < column.length; at++) {
    const token = column[at];
    if (token === undefined) break;
    if (token.kind !== 'space') names++;
    const following = next(column, at + 1);
    const bare = column[following]?.key !== '(';
    if (names > 1 && ['VARCHAR', 'NVARCHAR', 'TEXT'].includes(token.key)) {
      const length = bare ? '256' : (column[next(column, following + 1)]?.key ?? '');
      sized.push(synthetic(`VARCHAR(${length === 'MAX' ? '65535' : length})`));
      if (!bare) at = closing(column, following);
    } else if (names > 1 && bare && ['DECIMAL', 'NUMERIC', 'DEC'].includes(token.key)) {
      sized.push(synthetic(`${token.text}(18,0)`));
    } else if (names > 1 && ['VARBYTE', 'VARBINARY'].includes(token.key)) {
      sized.push(synthetic('VARBYTE'));
      if (!bare) at = closing(column, following);
    } else sized.push(token);
  }
  return sized;
}
