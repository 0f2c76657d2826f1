import type { DuckDBConnection } from '@duckdb/node-api';
import { QueryError } from './fault.ts';
import type { CatalogTable, GlueTables, TableFolder } from './glue-tables.ts';
import type { Objects } from './objects.ts';
import type { NamedTable } from './statement.ts';
import { positionAt } from './tokens.ts';
import { duckdbType, family } from './types.ts';

/** Name of the catalog in Athena, and of the DuckDB database that plays it. */
export const CATALOG = 'awsdatacatalog';

export interface ViewSource {
  readonly glue: GlueTables;
  readonly objects: Objects;
  readonly signal: AbortSignal;
}

/** A table whose files are known, and their size. */
export interface LocatedTable {
  readonly database: string;
  readonly table: CatalogTable;
  readonly files: readonly {
    readonly folder: TableFolder;
    readonly paths: () => Promise<readonly string[]>;
  }[];
  readonly bytes: number;
}

/** Looks up the tables of a query, at one moment each. @throws QueryError that names the place and what is missing. */
export async function locateTables(
  sql: string,
  tables: readonly NamedTable[],
  session: string | undefined,
  source: ViewSource,
): Promise<readonly LocatedTable[]> {
  const located = new Map<string, LocatedTable>();
  for (const { catalog, database = session, table, start } of tables) {
    const at = positionAt(sql, start);
    if (catalog !== undefined && catalog !== CATALOG)
      throw new QueryError(`CATALOG_NOT_FOUND: ${at}: Catalog '${catalog}' does not exist`);
    if (database === undefined)
      throw new QueryError(
        `MISSING_SCHEMA_NAME: ${at}: Schema must be specified when session schema is not set`,
      );
    const name = `${database}.${table}`;
    if (located.has(name)) continue;
    if (!(await source.glue.hasDatabase(database)))
      throw new QueryError(`SCHEMA_NOT_FOUND: ${at}: Schema '${database}' does not exist`);
    const found = await source.glue.find(database, table);
    if (found === undefined)
      throw new QueryError(`TABLE_NOT_FOUND: ${at}: Table '${CATALOG}.${name}' does not exist`);
    located.set(name, await locate(database, found, source));
  }
  return [...located.values()];
}

async function locate(
  database: string,
  table: CatalogTable,
  { objects, signal }: ViewSource,
): Promise<LocatedTable> {
  if (table.isView)
    throw new QueryError(`NOT_SUPPORTED: This local Athena does not read views, such as ${table.name}`);
  if (!table.serde.endsWith('.ParquetHiveSerDe'))
    throw new QueryError(
      `NOT_SUPPORTED: This local Athena reads Parquet tables; ${table.name} is of ${table.serde}`,
    );
  let bytes = 0;
  const files: LocatedTable['files'][number][] = [];
  for (const folder of table.folders) {
    const found = await objects.list(folder.location.replace(/\/*$/, '/'), signal);
    bytes += found.reduce((sum, object) => sum + object.bytes, 0);
    const paths = (): Promise<string[]> =>
      Promise.all(found.map((object) => objects.download(object, signal)));
    if (found.length > 0) files.push({ folder, paths });
  }
  return { database, table, files, bytes };
}

/** Makes a view of the name that the query uses over the files of a table. */
export async function createView(
  duckdb: DuckDBConnection,
  { database, table, files }: LocatedTable,
): Promise<void> {
  const schema = `${CATALOG}.${quote(database)}`;
  const types = table.columns.map(({ Name = '', Type = '' }) => ({
    name: Name,
    type: duckdbType(Type, Name),
  }));
  const keys = table.keys.map(({ Name = '', Type = '' }) => ({ name: Name, type: duckdbType(Type, Name) }));
  const selects: string[] = [];
  for (const { folder, paths } of files) {
    const list = `[${(await paths()).map(literal).join(', ')}]`;
    const from = `read_parquet(${list}, union_by_name = true, hive_partitioning = false)`;
    const stored = await readColumns(duckdb, from, table);
    const columns = types.map(({ name, type }) => columnOf(table, name, type, stored));
    const values = keys.map(
      ({ name, type }, at) => `CAST(${literal(folder.values[at] ?? '')} AS ${type}) AS ${quote(name)}`,
    );
    selects.push(`SELECT ${[...columns, ...values].join(', ')} FROM ${from}`);
  }
  const none = [...types, ...keys].map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quote(name)}`);
  if (selects.length === 0) selects.push(`SELECT ${none.join(', ')} WHERE false`);
  await duckdb.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  const name = table.name.slice(database.length + 1);
  await duckdb.run(`CREATE VIEW ${schema}.${quote(name)} AS ${selects.join(' UNION ALL ')}`);
}

async function readColumns(
  duckdb: DuckDBConnection,
  from: string,
  table: CatalogTable,
): Promise<ReadonlyMap<string, { readonly name: string; readonly type: string }>> {
  try {
    const reader = await duckdb.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`);
    const rows = reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    return new Map(rows.map((column) => [column.name.toLowerCase(), column]));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new QueryError(`HIVE_BAD_DATA: Not valid Parquet file of table ${table.name}: ${why}`, {
      type: 1001,
    });
  }
}

/** A column that the files have not is NULL; one that they have as something else is refused. */
function columnOf(
  table: CatalogTable,
  name: string,
  type: string,
  stored: ReadonlyMap<string, { readonly name: string; readonly type: string }>,
): string {
  const found = stored.get(name.toLowerCase());
  if (found === undefined) return `CAST(NULL AS ${type}) AS ${quote(name)}`;
  if (family(found.type) !== family(type))
    throw new QueryError(
      `HIVE_BAD_DATA: Field ${name}'s type ${found.type} in parquet file of ${table.name} is incompatible with type ${type.toLowerCase()} defined in table schema`,
      { type: 1001 },
    );
  return `CAST(${quote(found.name)} AS ${type}) AS ${quote(name)}`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
