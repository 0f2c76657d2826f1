import { DeleteTableCommand, GetTableCommand } from '@aws-sdk/client-glue';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { find, type GlueSession } from './call.ts';
import { neutralType } from './neutral-types.ts';
import type { TableName } from './table.ts';

/** What a query left in a table of its own. */
export interface StagedTable {
  readonly columns: readonly Column[];
  /** Folder of its files and of nothing else, `s3://…/`. */
  readonly location: string;
}

/**
 * Reads the table that a query has made; undefined when there is none. Throws StageFailure `invalid_config` for a column
 * without a neutral counterpart; `file` holds the SELECT that made it.
 */
export async function readStagedTable(
  session: GlueSession,
  { database, table }: TableName,
  file: string,
): Promise<StagedTable | undefined> {
  const answer = await find(session, `read table ${database}.${table}`, (client, options) =>
    client.send(new GetTableCommand({ DatabaseName: database, Name: table }), options),
  );
  const storage = answer?.Table?.StorageDescriptor;
  if (storage === undefined) return undefined;
  const location = storage.Location ?? '';
  const columns = (storage.Columns ?? []).map(({ Name: name = '', Type: hive = '' }): Column => {
    const type = neutralType(hive);
    if (type !== undefined) return { name, type, nullable: true };
    throw new StageFailure(
      'invalid_config',
      `Column "${name}" of ${file} has type ${hive}, which Reefline does not carry. Cast it, for example to varchar.`,
      { facts: { file, column: name, type: hive } },
    );
  });
  return { columns, location: location.endsWith('/') ? location : `${location}/` };
}

/** Removes the entry of a staging table, not its files: they belong to a partition now. May be called again. */
export async function dropStagedTable(session: GlueSession, { database, table }: TableName): Promise<void> {
  await find(session, `remove table ${database}.${table}`, (client, options) =>
    client.send(new DeleteTableCommand({ DatabaseName: database, Name: table }), options),
  );
}
