import type { Connection } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import type { SqlDialect } from './sql-inputs.ts';

/** Finds a connection by name; undefined when it is unknown or its fields are wrong. */
type FindConnection = (name: string) => Connection | undefined;

/** How the SQL of a connection is read; as Redshift's where that is not known, because its connection has its own problem. */
export function dialectOf(connection: Pick<Connection, 'kind'> | undefined): SqlDialect {
  return connection?.kind === 'athena' || connection?.kind === 'snowflake' ? connection.kind : 'redshift';
}

/**
 * The name by which the SQL of a connection calls a dataset; undefined when it cannot read it. Athena reads the tables of the
 * Glue Data Catalog, so those that a glue connection keeps are its own too.
 */
export function sqlName(
  dataset: string,
  connection: string,
  find: FindConnection,
): { readonly schema: string; readonly table: string } | undefined {
  const name = parseDataset(dataset);
  if (name === undefined) return undefined;
  const { schema, table } = name;
  if (name.connection === connection) return { schema, table };
  const home = find(name.connection);
  if (find(connection)?.kind !== 'athena' || home?.kind !== 'glue') return undefined;
  // A reference may stand for any prefix, so nobody can say what the database is called.
  const prefix = home.databasePrefix ?? '';
  return prefix.includes('${') ? undefined : { schema: `${prefix}${schema}`, table };
}

/** The first of three parts of a table's name that means the connection itself; undefined when only the environment tells it. */
export function databaseName(connection: Connection | undefined): string | undefined {
  if (connection?.kind === 'athena') return 'awsdatacatalog';
  if (
    (connection?.kind !== 'redshift' && connection?.kind !== 'snowflake') ||
    connection.database.startsWith('${')
  )
    return undefined;
  return connection.database;
}
