import { significant, tokenize, type Token, join } from '../redshift-data/tokens.ts';
import { unsupported } from './fault.ts';
import { syntaxError } from './sql-error.ts';

/** A block of Snowflake Scripting without branches and loops. */
export interface Block {
  readonly body: readonly BlockStatement[];
  /** `EXCEPTION WHEN OTHER THEN`; undefined when there is none. */
  readonly handler: readonly BlockStatement[] | undefined;
}

export type BlockStatement =
  | { readonly kind: 'return'; readonly expression: string }
  | { readonly kind: 'set'; readonly variable: string; readonly expression: string }
  /** `SELECT … INTO :variable …` */
  | { readonly kind: 'into'; readonly variable: string; readonly sql: string }
  | { readonly kind: 'sql'; readonly sql: string };

const CONTROL = new Set(['IF', 'FOR', 'WHILE', 'REPEAT', 'LOOP', 'CASE', 'OPEN', 'FETCH', 'CALL', 'RAISE']);

/** True for the text of a block, which other statements with BEGIN are not. */
export function isBlock(sql: string): boolean {
  const [first, second] = significant(tokenize(sql));
  if (first?.key === 'DECLARE') return true;
  return (
    first?.key === 'BEGIN' &&
    second !== undefined &&
    !['TRANSACTION', 'WORK', 'NAME', ';'].includes(second.key)
  );
}

/** @throws Fault for what is no block, or more than this local Snowflake runs. */
export function parseBlock(sql: string): Block {
  const tokens = tokenize(sql);
  const begin = tokens.findIndex(({ key }) => key === 'BEGIN');
  const end = tokens.findLastIndex(({ key }) => key === 'END');
  if (begin < 0 || end < 0) throw syntaxError('syntax error: a block needs BEGIN and END.');
  const pieces = split(tokens.slice(begin + 1, end));
  const at = pieces.findIndex((piece) => significant(piece)[0]?.key === 'EXCEPTION');
  if (at < 0) return { body: pieces.map(statement), handler: undefined };
  const [first = [], ...others] = pieces.slice(at);
  const words = significant(first);
  if (
    words
      .slice(1, 4)
      .map(({ key }) => key)
      .join(' ') !== 'WHEN OTHER THEN'
  )
    throw unsupported('exception handlers other than WHEN OTHER');
  const then = first.findIndex(({ key }) => key === 'THEN');
  return {
    body: pieces.slice(0, at).map(statement),
    handler: [first.slice(then + 1), ...others].map(statement),
  };
}

function split(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  for (const token of tokens) {
    if (token.key === ';') pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return pieces.filter((piece) => significant(piece).length > 0);
}

function statement(tokens: readonly Token[]): BlockStatement {
  const words = significant(tokens);
  const [first] = words;
  if (first === undefined || CONTROL.has(first.key)) throw unsupported(`${first?.key ?? ''} in a block`);
  if (first.key === 'RETURN')
    return { kind: 'return', expression: join(tokens.slice(tokens.indexOf(first) + 1)) };
  const assign = words.findIndex(({ key }, at) => key === ':' && words[at + 1]?.key === '=');
  if (assign > 0 && assign <= 3) {
    const variable = first.key === 'LET' ? words[1] : first;
    const equals = words[assign + 1];
    const rest = tokens.slice(equals === undefined ? 0 : tokens.indexOf(equals) + 1);
    return { kind: 'set', variable: variable?.key ?? '', expression: join(rest) };
  }
  const into = tokens.findIndex(
    ({ key }, at) => key === 'INTO' && significant(tokens.slice(at + 1))[0]?.kind === 'parameter',
  );
  if (first.key === 'SELECT' && into > 0) {
    const target = tokens.findIndex(({ kind }, at) => at > into && kind === 'parameter');
    const variable = (tokens[target]?.text ?? ':').slice(1).toUpperCase();
    return {
      kind: 'into',
      variable,
      sql: join([...tokens.slice(0, into), ...tokens.slice(target + 1)]),
    };
  }
  return { kind: 'sql', sql: join(tokens) };
}

/** The text with variables in the place of their names: `:name` in statements, and bare names in expressions. */
export function withVariables(
  sql: string,
  variables: ReadonlyMap<string, string | null>,
  bare: boolean,
): string {
  const literal = (value: string | null): string =>
    value === null ? 'NULL' : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return tokenize(sql)
    .map((token) => {
      const name = token.kind === 'parameter' ? token.text.slice(1).toUpperCase() : token.key;
      const takes = token.kind === 'parameter' || (bare && token.kind === 'word');
      const value = takes ? variables.get(name) : undefined;
      return value === undefined ? token.text : literal(value);
    })
    .join('');
}
