import { Dialect, transpile } from '@polyglot-sql/sdk';
import {
  closing,
  join,
  literalValue,
  next,
  significant,
  synthetic,
  tokenize,
  type Token,
} from '../redshift-data/tokens.ts';
import { castType, columnDefinition, columnDefinitions } from './definitions.ts';
import { unsupported } from './fault.ts';
import { otherCase } from './letters.ts';
import type { Session } from './session.ts';

/** A statement as PostgreSQL runs it. */
export interface Translated {
  readonly kind: 'query' | 'insert' | 'update' | 'delete' | 'merge' | 'ddl';
  readonly sqls: readonly string[];
  /** The table whose writers wait for each other, as PostgreSQL spells it. */
  readonly locks: string | undefined;
}

/** Snowflake SQL to PostgreSQL's, for a statement that the service itself does not handle. @throws Fault | SyntaxError */
export function translate(sql: string, session: Session): Translated {
  const tokens = named(tokenize(sql), session).filter((token) => token.key !== ';');
  const words = significant(tokens);
  const head = words
    .slice(0, 6)
    .map(({ key }) => key)
    .join(' ');
  if (/^(?:SELECT|WITH|\()/.test(head)) return { kind: 'query', sqls: [query(tokens)], locks: undefined };
  if (/^VALUES\b/.test(head)) throw unsupported('VALUES alone');
  if (/^INSERT INTO\b/.test(head)) return { kind: 'insert', sqls: [query(tokens)], locks: undefined };
  if (/^UPDATE\b/.test(head)) return { kind: 'update', sqls: [query(tokens)], locks: tableAt(words, 1) };
  if (/^DELETE FROM\b/.test(head)) return { kind: 'delete', sqls: [query(tokens)], locks: tableAt(words, 2) };
  if (/^TRUNCATE\b/.test(head)) return { kind: 'ddl', sqls: [plain(tokens)], locks: undefined };
  if (/^MERGE INTO\b/.test(head)) return { kind: 'merge', sqls: [query(tokens)], locks: tableAt(words, 2) };
  if (/^CREATE\b/.test(head))
    return { kind: 'ddl', sqls: creation(tokens, words, session), locks: undefined };
  if (/^ALTER TABLE\b/.test(head)) return { kind: 'ddl', sqls: [alteration(tokens)], locks: undefined };
  if (/^DROP (?:TABLE|VIEW|SCHEMA)\b/.test(head))
    return { kind: 'ddl', sqls: [plain(tokens)], locks: undefined };
  throw unsupported(head);
}

/** Names as PostgreSQL stores them: other case, other information schema, no database, temporary tables where they are. */
function named(tokens: readonly Token[], session: Session): Token[] {
  const out: Token[] = [];
  const { database } = session.place;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const name = nameOf(token);
    const dotted = name !== undefined && tokens[at + 1]?.key === '.';
    if (dotted && name === database && tokens[at + 3]?.key === '.') at += 1;
    else if (dotted && name === 'INFORMATION_SCHEMA') out.push(synthetic('snowflake_information'));
    else if (dotted && session.temporary.has(`${name}.${nameOf(tokens[at + 2]) ?? ''}`))
      out.push(synthetic('pg_temp'));
    else out.push(token.kind === 'quoted' ? swapped(token) : token);
  }
  return out;
}

/** The name that a word or a quoted word stands for in Snowflake. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text.toUpperCase();
  return token?.kind === 'quoted' ? token.text.slice(1, -1).replaceAll('""', '"') : undefined;
}

/** A name outside of SQL, as in a login, is folded like one in SQL, unless it is in quotes. */
export function folded(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toUpperCase();
}

function swapped(token: Token): Token {
  return synthetic(otherCase(token.text), 'quoted');
}

/** What polyglot cannot read goes on as it is: most of it is the same in both. */
function query(tokens: readonly Token[]): string {
  // Literals that the two read differently are set aside, and so are comments, which would come back in another form.
  const literals: string[] = [];
  const spaced = tokens.map((token) => {
    if (token.kind === 'space') return synthetic(' ', 'space');
    const literal = postgresLiteral(token);
    if (literal === token) return token;
    literals.push(literal.text);
    return synthetic(`'\u0001${String(literals.length - 1)}\u0001'`, 'string');
  });
  let result: ReturnType<typeof transpile> | undefined;
  try {
    result = transpile(join(spaced), Dialect.Snowflake, Dialect.PostgreSQL);
  } catch {
    // It panics on some input; treated like what it cannot parse.
  }
  const sql = result?.success === true && result.sql?.length === 1 ? result.sql[0] : undefined;
  if (sql === undefined) return plain(tokens);
  return join(afterwards(tokenize(sql))).replace(
    /'\u0001(\d+)\u0001'/g,
    (_, index: string) => literals[Number(index)] ?? '',
  );
}

function plain(tokens: readonly Token[]): string {
  return join(afterwards(tokens.map(postgresLiteral)));
}

function postgresLiteral(token: Token): Token {
  if (token.kind !== 'string' || !/\\|^\$\$/.test(token.text)) return token;
  const value = token.text.startsWith('$$') ? token.text.slice(2, -2) : literalValue(token);
  return synthetic(`E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`, 'string');
}

function afterwards(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    out.push(token.kind === 'word' ? synthetic(castType(token.text) ?? token.text) : token);
    // PostgreSQL's keyword takes no empty parentheses.
    if (/^CURRENT_(?:TIMESTAMP|DATE|TIME)$/.test(token.key) && tokens[at + 1]?.key === '(') {
      const end = closing(tokens, at + 1);
      if (significant(tokens.slice(at + 2, end)).length === 0) at = end;
    }
  }
  return out;
}

function creation(tokens: readonly Token[], words: readonly Token[], session: Session): readonly string[] {
  const keys = words.map(({ key }) => key);
  if (keys.includes('SCHEMA') && keys.indexOf('SCHEMA') <= 4) return [plain(tokens)];
  const replace = keys[1] === 'OR';
  const view = keys.slice(0, 6).includes('VIEW');
  const temporary = keys.slice(0, 5).some((key) => key === 'TEMP' || key === 'TEMPORARY');
  const kind = tokens.findIndex(({ key }) => key === (view ? 'VIEW' : 'TABLE'));
  if (kind < 0) throw unsupported(keys.slice(0, 4).join(' '));
  let at = next(tokens, kind + 1);
  const ifMissing = tokens[at]?.key === 'IF';
  if (ifMissing) at = next(tokens, next(tokens, next(tokens, at + 1) + 1) + 1);
  const start = at;
  while (tokens[at + 1]?.key === '.') at += 2;
  const name = join(tokens.slice(start, at + 1));
  const table = temporary ? (name.split('.').at(-1) ?? name) : name;
  if (temporary) remember(tokens.slice(start, at + 1), session);
  const body = tokens.slice(at + 1);
  const open = next(body, 0);
  const as = significant(body)[0]?.key === 'AS' ? body.findIndex(({ key }) => key === 'AS') : -1;
  const noun = view ? 'VIEW' : 'TABLE';
  const create = `CREATE ${temporary ? 'TEMPORARY ' : ''}${noun} ${ifMissing ? 'IF NOT EXISTS ' : ''}${table}`;
  const dropped = replace ? [`DROP ${noun} IF EXISTS ${temporary ? 'pg_temp.' : ''}${table}`] : [];
  if (as >= 0) return [...dropped, `${create} AS ${query(body.slice(as + 1))}`];
  if (body[open]?.key !== '(') throw unsupported('CREATE TABLE LIKE, CLONE or without columns');
  const end = closing(body, open);
  if (significant(body.slice(end + 1)).length > 0) throw unsupported('options of CREATE TABLE');
  const columns = columnDefinitions(body.slice(open + 1, end)).map(postgresLiteral);
  return [...dropped, `${create} (${join(columns)})`];
}

/** A temporary table hides one of the same name in the schema that it was created in. */
function remember(name: readonly Token[], session: Session): void {
  const parts = significant(name).filter(({ key }) => key !== '.');
  const [schema, table] = parts.length > 1 ? parts.slice(-2) : [undefined, parts[0]];
  // Names of the statement have their letters in the other case already.
  const stored = (token: Token | undefined): string =>
    token?.kind === 'quoted' ? otherCase(token.text.slice(1, -1)) : (nameOf(token) ?? '');
  const home = schema === undefined ? (session.place.schema ?? 'PUBLIC') : stored(schema);
  session.temporary.set(`${home}.${stored(table)}`, stored(table));
}

function alteration(tokens: readonly Token[]): string {
  const add = tokens.findIndex(({ key }) => key === 'ADD');
  if (add < 0) return plain(tokens);
  let at = next(tokens, add + 1);
  if (tokens[at]?.key === 'COLUMN') at = next(tokens, at + 1);
  const ifMissing = tokens[at]?.key === 'IF';
  if (ifMissing) at = next(tokens, next(tokens, next(tokens, at + 1) + 1) + 1);
  const definition = columnDefinition(tokens.slice(at)).map(postgresLiteral);
  return `${join(tokens.slice(0, add))}ADD COLUMN ${ifMissing ? 'IF NOT EXISTS ' : ''}${join(definition)}`;
}

function tableAt(words: readonly Token[], from: number): string {
  let to = from;
  while (words[to + 1]?.key === '.') to += 2;
  return join(words.slice(from, to + 1));
}
