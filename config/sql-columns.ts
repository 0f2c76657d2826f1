import { analyzeQuery, type QueryAnalysis } from '@polyglot-sql/sdk';
import { DIALECTS, type SqlDialect } from './sql-inputs.ts';

/** A table as the SQL writes it. */
export interface TableName {
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  readonly table: string;
}

/** A column of a table. */
interface Source {
  readonly table: TableName;
  readonly column: string;
}

/** A column of a SELECT's result, or a `*` that could not be expanded. */
export type SqlColumn =
  | {
      readonly kind: 'column';
      /** Undefined when the author gave none, so that the database invents one. */
      readonly name: string | undefined;
      readonly from: readonly Source[];
      /** False when the SQL does not tell all the columns that it is computed from. */
      readonly complete: boolean;
    }
  | { readonly kind: 'every'; readonly tables: readonly TableName[]; readonly certain: boolean };

/** A table whose columns are known, with the schema as the SQL may write it: `analytics` or `dev.analytics`. */
export interface TableColumns {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

type Projection = QueryAnalysis['projections'][number];
type Reference = Projection['upstream'][number];

/**
 * Reads which columns each column of one SELECT is computed from, through CTEs, subqueries, joins and unions. What only
 * picks rows (WHERE, the condition of a JOIN) does not count. The tables that are `known` make `*` and columns without a
 * table certain. What the SQL does not tell is marked, never guessed.
 */
export function readSqlColumns(
  text: string,
  dialect: SqlDialect,
  known: readonly TableColumns[],
): readonly SqlColumn[] {
  const analysis = analyze(text, dialect, known);
  if (analysis === undefined) return [{ kind: 'every', tables: [], certain: false }];
  const tables = new Map(
    analysis.baseTables.map(({ name, catalog, schema, table }) => [
      name,
      { catalog: catalog ?? undefined, schema: schema ?? undefined, table: table ?? name },
    ]),
  );
  // The analysis takes columns that PIVOT makes for columns of the table below it.
  const pivots = /\b(un)?pivot\b/i.test(text);
  return analysis.projections.map((projection): SqlColumn => {
    if (projection.isStar) return starOf(projection, analysis, tables, pivots || leavesOut(text));
    const name = nameOf(projection);
    const refs = projection.upstream.map((reference) => sourceOf(text, reference, analysis, tables));
    const complete = !pivots && refs.every((source) => source !== 'untold');
    const from = pivots ? [] : refs.filter((source) => source !== 'untold' && source !== 'nothing');
    return { kind: 'column', name, from: from.toSorted(byName), complete };
  });
}

/** The analysis lists sources in an order of its own. */
function byName(a: Source, b: Source): number {
  const [left, right] = [a, b].map(({ table, column }) => `${table.schema ?? ''}.${table.table}.${column}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

function analyze(
  text: string,
  dialect: SqlDialect,
  known: readonly TableColumns[],
): QueryAnalysis | undefined {
  const tables = known.map(({ schema, table, columns }) => ({
    schema,
    name: table,
    columns: columns.map((name) => ({ name, type: 'unknown' })),
  }));
  try {
    // With a schema, even an empty one, `*` is expanded, but what EXCLUDE leaves out would be there too.
    const result = analyzeQuery(text, {
      dialect: DIALECTS[dialect],
      ...(leavesOut(text) ? {} : { schema: { tables } }),
    });
    return result.success ? result.analysis : undefined;
  } catch {
    return undefined;
  }
}

function leavesOut(text: string): boolean {
  return /\bexclude\b/i.test(text);
}

/** With a schema the analysis calls an expression without a name `_col_0`, `_col_1` … */
function nameOf({ name }: Projection): string | undefined {
  return /^(_col_\d+)?$/.test(name ?? '') ? undefined : name;
}

/**
 * The table column that a reference ends at. `nothing`: a column of a CTE or subquery that is computed from no column,
 * such as a count. `untold`: the reference could not be followed.
 */
function sourceOf(
  text: string,
  reference: Reference,
  analysis: QueryAnalysis,
  tables: ReadonlyMap<string, TableName>,
): Source | 'nothing' | 'untold' {
  const { sourceKind, column } = reference;
  const sourceName = reference.sourceName ?? '';
  switch (sourceKind) {
    case 'table': {
      const table = tables.get(reference.table ?? '');
      // Then it was looked up among the aliases of the outermost SELECT, and a subquery may have one of the same name.
      const byAlias = reference.table !== sourceName;
      return table === undefined || (byAlias && !boundOnce(text, sourceName)) ? 'untold' : { table, column };
    }
    case 'cte':
    case 'derived_table':
      return listedIn(analysis, sourceName, column) ? 'nothing' : 'untold';
    case 'root':
    case 'virtual':
    case 'unknown':
      return 'untold';
  }
}

/** True when the text has the name at most once without a dot behind it, as it stands where a table gets it. */
function boundOnce(text: string, name: string): boolean {
  const word = name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const uses = new RegExp(`(?<![\\p{L}\\p{N}_$])${word}(?![\\p{L}\\p{N}_$])(?!"?\\s*\\.)`, 'giu');
  return [...text.matchAll(uses)].length <= 1;
}

/** True when the CTE or subquery names the column itself, so that it did not come through a `*`. */
function listedIn(analysis: QueryAnalysis, source: string, column: string): boolean {
  const same = (name: string): boolean => name.toLowerCase() === column.toLowerCase();
  return (
    analysis.relations.some(({ name, columns }) => name === source && columns.some(same)) ||
    analysis.cteFacts.some(({ name, outputColumns }) => name === source && outputColumns.some(same))
  );
}

function starOf(
  projection: Projection,
  analysis: QueryAnalysis,
  tables: ReadonlyMap<string, TableName>,
  doubtful: boolean,
): SqlColumn {
  // The analysis writes null where its types promise that the field is absent.
  const starTable = projection.starTable ?? undefined;
  const covered = analysis.relations.filter(
    ({ name, alias, table }) => starTable === undefined || [alias, table, name].includes(starTable),
  );
  const direct = covered.flatMap(({ kind, name }) =>
    kind === 'table' && tables.has(name) ? [tables.get(name)] : [],
  );
  const plain = analysis.shape === 'select' && covered.length > 0 && direct.length === covered.length;
  if (doubtful || !plain) return { kind: 'every', tables: [...tables.values()], certain: false };
  return { kind: 'every', tables: direct.filter((table) => table !== undefined), certain: true };
}
