import { Dialect, parse } from '@polyglot-sql/sdk';
import { parametersIn, SQL_PARAMETERS, type SqlReader } from '../pipeline/sql-parameters.ts';
import { suggest } from './nearest.ts';

/** A table that a SELECT reads, as written, and where. */
export interface SqlTable {
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  readonly table: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** True when the first part is an alias of the query, so that `c.orders` may be a nested field of the row `c`. */
  readonly maybeNested: boolean;
}

export interface SqlProblem {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
  readonly cure: string;
}

export interface SqlReading {
  readonly tables: readonly SqlTable[];
  readonly problems: readonly SqlProblem[];
}

const QUERIES: ReadonlySet<string> = new Set(['select', 'union', 'intersect', 'except', 'subquery', 'paren']);

/** Connections whose SQL can be read. */
export type SqlDialect = SqlReader;
/** Athena's queries are Trino's. The parser's own Athena takes a backslash for an escape, as only its DDL does. */
export const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  redshift: Dialect.Redshift,
  athena: Dialect.Trino,
  snowflake: Dialect.Snowflake,
};

type Node = Readonly<Record<string, unknown>>;

/** What surrounds a part of a query: names of CTEs (lower case), and aliases of rows (lower case). */
interface Scope {
  readonly ctes: ReadonlySet<string>;
  readonly aliases: ReadonlySet<string>;
}

/** Reads which tables one SELECT takes its rows from, at any depth. */
export function readSql(text: string, dialect: SqlDialect): SqlReading {
  const place = placer(text);
  const problems = parameterProblems(text, dialect, place);
  let result: ReturnType<typeof parse>;
  try {
    result = parse(text, DIALECTS[dialect]);
  } catch {
    return { tables: [], problems: [...problems, notOneSelect(1, 1, 'the SQL cannot be read')] };
  }
  if (!result.success) {
    const why = result.error.replace(/^\w+ error at line \d+, column \d+: /, '');
    const at = result.errorStart === undefined ? { line: 1, column: 1 } : place(result.errorStart);
    const cure = 'correct the SQL at this place or just before it';
    return {
      tables: [],
      problems: [...problems, { ...at, problem: `the SQL does not parse: ${why}`, cure }],
    };
  }
  const statements: readonly unknown[] = Array.isArray(result.ast) ? result.ast : [];
  const [statement, second] = statements;
  if (!isNode(statement)) return { tables: [], problems: [notOneSelect(1, 1, 'the SQL holds no statement')] };
  if (second !== undefined)
    return {
      tables: [],
      problems: [...problems, notOneSelect(1, 1, `the SQL holds ${statements.length} statements`)],
    };
  const kind = Object.keys(statement)[0] ?? '';
  if (!QUERIES.has(kind)) {
    return {
      tables: [],
      problems: [
        ...problems,
        notOneSelect(1, 1, `the statement is no SELECT but ${kind.replaceAll('_', ' ').toUpperCase()}`),
      ],
    };
  }
  const tables: SqlTable[] = [];
  collect(statement, { ctes: new Set(), aliases: new Set() }, place, tables);
  return { tables, problems: intoProblems(statement, problems) };
}

function notOneSelect(line: number, column: number, problem: string): SqlProblem {
  return {
    line,
    column,
    problem,
    cure: 'write exactly one SELECT (WITH is fine), without anything around it',
  };
}

function intoProblems(statement: Node, problems: readonly SqlProblem[]): readonly SqlProblem[] {
  const select = statement['select'];
  if (!isNode(select) || !isNode(select['into'])) return problems;
  return [...problems, notOneSelect(1, 1, 'the SELECT writes a table by itself (INTO)')];
}

function collect(node: unknown, scope: Scope, place: Placer, tables: SqlTable[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, scope, place, tables);
    return;
  }
  if (!isNode(node)) return;
  const inner = withCtes(node, withAliases(node, scope), place, tables);
  for (const [key, value] of Object.entries(node)) {
    if (key === 'with' || key === 'into') continue;
    // `table` is also the qualifier of a column, an identifier; of a table it holds a name that is an identifier.
    if (key === 'table' && isNode(value) && isNode(value['name'])) addTable(value, inner, place, tables);
    collect(value, inner, place, tables);
  }
}

/** Visits the CTEs of a WITH: each one sees those before it, and with RECURSIVE itself and all others. */
function withCtes(node: Node, scope: Scope, place: Placer, tables: SqlTable[]): Scope {
  const clause = node['with'];
  if (!isNode(clause) || !Array.isArray(clause['ctes'])) return scope;
  const ctes: readonly unknown[] = clause['ctes'];
  const all = new Set([
    ...scope.ctes,
    ...ctes.map((cte) => identifier(isNode(cte) ? cte['alias'] : undefined) ?? ''),
  ]);
  const before = new Set(scope.ctes);
  for (const cte of ctes) {
    if (!isNode(cte)) continue;
    collect(
      cte['this'],
      { ...scope, ctes: clause['recursive'] === true ? all : new Set(before) },
      place,
      tables,
    );
    before.add(identifier(cte['alias']) ?? '');
  }
  return { ...scope, ctes: all };
}

function withAliases(node: Node, scope: Scope): Scope {
  const expressions = isNode(node['from']) ? node['from']['expressions'] : undefined;
  if (!Array.isArray(expressions)) return scope;
  const from: readonly unknown[] = expressions;
  const joins: readonly unknown[] = Array.isArray(node['joins']) ? node['joins'] : [];
  const sources: readonly unknown[] = [
    ...from,
    ...joins.map((join) => (isNode(join) ? join['this'] : undefined)),
  ];
  const found = sources.map((source) => {
    const table = isNode(source) && isNode(source['table']) ? source['table'] : undefined;
    return identifier(table?.['alias']);
  });
  return { ...scope, aliases: new Set([...scope.aliases, ...found.filter((alias) => alias !== undefined)]) };
}

function addTable(node: Node, scope: Scope, place: Placer, tables: SqlTable[]): void {
  const [table, schema, catalog] = [exact(node['name']), exact(node['schema']), exact(node['catalog'])];
  if (table === undefined || (schema === undefined && scope.ctes.has(table.toLowerCase()))) return;
  const first = [node['catalog'], node['schema'], node['name']].find(isNode);
  const span = first?.['span'];
  const start = isNode(span) && typeof span['start'] === 'number' ? span['start'] : 0;
  const maybeNested = scope.aliases.has((catalog ?? schema ?? '').toLowerCase());
  tables.push({ catalog, schema, table, ...place(start), maybeNested });
}

function exact(node: unknown): string | undefined {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'] : undefined;
}

function identifier(node: unknown): string | undefined {
  return exact(node)?.toLowerCase();
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Placer = (offset: number) => { readonly line: number; readonly column: number };

/** Turns an offset in code points, which is how the parser counts, into line and column. */
function placer(text: string): Placer {
  const points = Array.from(text);
  return (offset) => {
    const before = points.slice(0, offset);
    return {
      line: before.filter((point) => point === '\n').length + 1,
      column: offset - before.lastIndexOf('\n'),
    };
  };
}

/** Names that look like parameters and are none. The parser itself takes every `:name`. */
function parameterProblems(text: string, dialect: SqlDialect, place: Placer): readonly SqlProblem[] {
  const unknown = parametersIn(text, dialect).filter(
    (name) => !SQL_PARAMETERS.some((known) => known === name),
  );
  return unknown.map((name) => {
    const at = Math.max(0, text.search(new RegExp(`(?<!:):${name}(?![\\p{L}\\p{N}_])`, 'u')));
    const cure = suggest(name, SQL_PARAMETERS, 'remove the colon');
    return { ...place(Array.from(text.slice(0, at)).length), problem: `:${name} is no parameter`, cure };
  });
}
