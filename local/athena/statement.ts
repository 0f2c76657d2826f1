import { Dialect, parse, transpile } from '@polyglot-sql/sdk';
import { invalid, QueryError } from './fault.ts';
import { positionAt, tokenize, type Token } from './tokens.ts';

/** A statement that this stand-in runs. Offsets and texts are those of what the caller sent. */
export type Statement =
  | { readonly kind: 'select'; readonly select: string; readonly offset: number }
  | {
      readonly kind: 'create-as';
      readonly database: string | undefined;
      readonly table: string;
      readonly properties: ReadonlyMap<string, string>;
      readonly select: string;
      readonly offset: number;
    }
  | {
      readonly kind: 'unload';
      readonly location: string;
      readonly properties: ReadonlyMap<string, string>;
      readonly select: string;
      readonly offset: number;
    };

/** Statements that Athena has and this stand-in has not. */
const NOT_RUN =
  /^(?:INSERT|DELETE|UPDATE|MERGE|CREATE|DROP|ALTER|MSCK|SHOW|DESCRIBE|DESC|EXPLAIN|ANALYZE|OPTIMIZE|VACUUM|PREPARE|EXECUTE|DEALLOCATE|TRUNCATE|GRANT|REVOKE|USE|SET)$/i;

/** @throws AthenaFault as StartQueryExecution does for a text that is no statement; QueryError for one that is not imitated. */
export function readStatement(sql: string): Statement {
  const tokens = tokenize(sql);
  const last = tokens.at(-1);
  if (last?.kind === 'sign' && last.text === ';') tokens.pop();
  const extra = tokens.find(({ kind, text }) => kind === 'sign' && text === ';');
  if (extra !== undefined) throw invalid(`Only one sql statement is allowed. Got: ${sql}`);
  const reader = new Reader(sql, tokens);
  const [first] = tokens;
  if (first === undefined) throw invalid('queryString is null or empty');
  if (reader.isSign('(') || reader.isWord('SELECT', 'WITH', 'VALUES')) return select(reader);
  if (reader.isWord('UNLOAD')) return unload(reader);
  if (reader.isWord('CREATE') && tokens[1]?.text.toUpperCase() === 'TABLE') return createAs(reader);
  if (NOT_RUN.test(first.text))
    throw new QueryError(
      `NOT_SUPPORTED: This local Athena does not run ${first.text.toUpperCase()} statements`,
    );
  throw invalid(`${positionAt(sql, first.start)}: mismatched input '${first.text}'. Expecting: <query>`);
}

function select(reader: Reader): Statement {
  return { kind: 'select', ...reader.rest() };
}

function createAs(reader: Reader): Statement {
  reader.word('CREATE');
  reader.word('TABLE');
  const names = [reader.name()];
  while (reader.takeSign('.')) names.push(reader.name());
  const [table = '', database, catalog, ...more] = names.reverse();
  if (more.length > 0 || (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog'))
    throw new QueryError(`CATALOG_NOT_FOUND: line 1:1: Catalog '${catalog ?? ''}' does not exist`);
  const properties = reader.isWord('WITH') ? reader.properties() : new Map<string, string>();
  if (!reader.isWord('AS'))
    throw new QueryError('NOT_SUPPORTED: This local Athena does not run CREATE TABLE without AS');
  reader.word('AS');
  return {
    kind: 'create-as',
    database: database?.toLowerCase(),
    table: table.toLowerCase(),
    properties,
    ...reader.rest(),
  };
}

function unload(reader: Reader): Statement {
  reader.word('UNLOAD');
  const inner = reader.parenthesized();
  reader.word('TO');
  const location = reader.string();
  const properties = reader.properties();
  return { kind: 'unload', location, properties, ...inner };
}

/** A table that a query names, as written. */
export interface NamedTable {
  readonly catalog: string | undefined;
  readonly database: string | undefined;
  readonly table: string;
  readonly start: number;
}

type Node = Readonly<Record<string, unknown>>;

/** The DuckDB text of a Trino query and the tables that it names. @throws AthenaFault with the position of a syntax error. */
export function translate(
  sql: string,
  { select: query, offset }: { readonly select: string; readonly offset: number },
): { readonly duckdb: string; readonly tables: readonly NamedTable[] } {
  const parsed = parse(query, Dialect.Trino);
  if (!parsed.success) {
    const why = parsed.error.replace(/^\w+ error at line \d+, column \d+: /, '');
    throw invalid(`${positionAt(sql, offset + (parsed.errorStart ?? 0))}: mismatched input. ${why}`);
  }
  const result = transpile(query, Dialect.Trino, Dialect.DuckDB);
  const [duckdb, second] = result.success ? (result.sql ?? []) : [];
  if (duckdb === undefined || second !== undefined)
    throw invalid(`${positionAt(sql, offset)}: mismatched input. Expecting: one query`);
  const tables: NamedTable[] = [];
  const ctes = new Set<string>();
  collect(parsed.ast, offset, tables, ctes);
  const real = tables.filter(
    ({ database, table }) => database !== undefined || !ctes.has(table.toLowerCase()),
  );
  return { duckdb, tables: real };
}

function collect(node: unknown, offset: number, tables: NamedTable[], ctes: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, offset, tables, ctes);
    return;
  }
  if (!isNode(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'ctes' && Array.isArray(value)) {
      for (const cte of value as unknown[]) ctes.add(nameIn(isNode(cte) ? cte['alias'] : undefined) ?? '');
    }
    // `table` is also the qualifier of a column, an identifier; of a table it holds a name that is an identifier.
    if (key === 'table' && isNode(value) && isNode(value['name'])) addTable(value, offset, tables);
    collect(value, offset, tables, ctes);
  }
}

function addTable(node: Node, offset: number, tables: NamedTable[]): void {
  const table = nameIn(node['name']);
  if (table === undefined) return;
  const first = [node['catalog'], node['schema'], node['name']].find(isNode);
  const span = first?.['span'];
  const start = isNode(span) && typeof span['start'] === 'number' ? span['start'] : 0;
  tables.push({
    catalog: nameIn(node['catalog']),
    database: nameIn(node['schema']),
    table,
    start: offset + start,
  });
}

function nameIn(node: unknown): string | undefined {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'].toLowerCase() : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the parts of a statement that stand around its query. */
class Reader {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string, tokens: readonly Token[]) {
    this.#sql = sql;
    this.#tokens = tokens;
  }

  isWord(...words: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'word' && words.includes(token.text.toUpperCase());
  }

  isSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'sign' && token.text === sign;
  }

  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#at += 1;
    return true;
  }

  word(word: string): void {
    if (!this.isWord(word)) throw this.#unexpected(word);
    this.#at += 1;
  }

  name(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' && token?.kind !== 'name') throw this.#unexpected('<identifier>');
    this.#at += 1;
    return token.text;
  }

  string(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'string') throw this.#unexpected('<string>');
    this.#at += 1;
    return token.text;
  }

  /** `WITH (name = 'text', …)`; names are folded. */
  properties(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    this.word('WITH');
    this.#sign('(');
    do {
      const name = this.name().toLowerCase();
      this.#sign('=');
      if (this.#tokens[this.#at]?.kind !== 'string')
        throw new QueryError(
          `NOT_SUPPORTED: This local Athena does not take the property ${name} with this value`,
        );
      found.set(name, this.string());
    } while (this.takeSign(','));
    this.#sign(')');
    return found;
  }

  /** What stands between a parenthesis and its partner. */
  parenthesized(): { readonly select: string; readonly offset: number } {
    const open = this.#tokens[this.#at];
    this.#sign('(');
    const from = open?.end ?? 0;
    for (let depth = 1; ; this.#at += 1) {
      const token = this.#tokens[this.#at];
      if (token === undefined) throw this.#unexpected(')');
      if (token.kind !== 'sign') continue;
      if (token.text === '(') depth += 1;
      if (token.text === ')') depth -= 1;
      if (depth > 0) continue;
      this.#at += 1;
      return { select: this.#sql.slice(from, token.start), offset: from };
    }
  }

  rest(): { readonly select: string; readonly offset: number } {
    const offset = this.#tokens[this.#at]?.start ?? this.#sql.length;
    return { select: this.#sql.slice(offset, this.#tokens.at(-1)?.end ?? offset), offset };
  }

  #sign(sign: string): void {
    if (!this.takeSign(sign)) throw this.#unexpected(sign);
  }

  #unexpected(expected: string): Error {
    const token = this.#tokens[this.#at];
    const at = positionAt(this.#sql, token?.start ?? this.#sql.length);
    return invalid(`${at}: mismatched input '${token?.text ?? '<EOF>'}'. Expecting: '${expected}'`);
  }
}
