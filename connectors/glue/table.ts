import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetDatabaseCommand,
  GetTableCommand,
  UpdateTableCommand,
  type Column as GlueColumn,
  type Table,
  type TableInput,
} from '@aws-sdk/client-glue';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { call, find, type GlueSession } from './call.ts';
import { glueColumns, PARTITION_KEY } from './column-types.ts';
import { mergeColumns } from './columns-merge.ts';
import { withoutContention } from './contention.ts';
import { isFailure } from './failure.ts';
import { parquetStorage } from './parquet-storage.ts';

export interface TableName {
  readonly database: string;
  readonly table: string;
}

export interface TableDefinition extends TableName {
  /** Columns of the batch that is about to be registered. */
  readonly columns: readonly Column[];
  /** Folder above the partitions, `s3://…/`. Only used when the table is created. */
  readonly location: string;
}

export interface UpsertedTable {
  readonly change: 'created' | 'widened' | 'unchanged';
  /** Names of the columns that were not there before. */
  readonly added: readonly string[];
  /** All columns of the table, in its order. */
  readonly columns: readonly GlueColumn[];
  /** The same with the types of the batch's files: so the partition is to be described. */
  readonly partition: readonly GlueColumn[];
}

/**
 * Makes the external Parquet table, partitioned by timelabel, with its database, or appends the columns that it does
 * not have yet and widens those that readers can still read. Never removes or narrows a column: any other type is `data_error`, a
 * table that is partitioned otherwise is `invalid_config`. May be called any number of times, also by several writers at once: an update names
 * the version that it was computed from, and starts again when another writer was faster.
 */
export async function upsertTable(session: GlueSession, wanted: TableDefinition): Promise<UpsertedTable> {
  const object = `table ${wanted.database}.${wanted.table}`;
  const batch = glueColumns(`${wanted.database}.${wanted.table}`, wanted.columns);
  return withoutContention(object, session.signal, async () => {
    const existing = await findTable(session, wanted);
    if (existing !== undefined) return widen(session, wanted, existing, batch);
    await ensureDatabase(session, wanted.database);
    await create(session, wanted, batch);
    return {
      change: 'created',
      added: batch.map((column) => column.Name ?? ''),
      columns: batch,
      partition: batch,
    };
  });
}

/** The table as the catalog has it; undefined when there is none. */
export async function findTable(
  session: GlueSession,
  { database, table }: TableName,
): Promise<Table | undefined> {
  const answer = await find(session, `read table ${database}.${table}`, (client, options) =>
    client.send(new GetTableCommand({ DatabaseName: database, Name: table }), options),
  );
  return answer?.Table;
}

/** Makes the database when it is missing. Asks first: a role that may only write tables works when somebody else made it. */
export async function ensureDatabase(session: GlueSession, database: string): Promise<void> {
  const answer = await find(session, `read database ${database}`, (client, options) =>
    client.send(new GetDatabaseCommand({ Name: database }), options),
  );
  if (answer !== undefined) return;
  try {
    await call(session, `create database ${database}`, (client, options) =>
      client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }), options),
    );
  } catch (error) {
    // Another run made it in between.
    if (!isFailure(error, 'conflict')) throw error;
  }
}

async function create(session: GlueSession, wanted: TableDefinition, batch: GlueColumn[]): Promise<void> {
  const input: TableInput = {
    Name: wanted.table,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [{ Name: PARTITION_KEY, Type: 'string' }],
    StorageDescriptor: parquetStorage(batch, wanted.location),
    Parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
  };
  await createTable(session, wanted.database, input);
}

/** Changes the table as it was read; what others have set on it stays. Throws StageFailure `conflict` when it was changed since. */
export async function updateTable(
  session: GlueSession,
  doing: string,
  database: string,
  existing: Table,
  changes: Omit<TableInput, 'Name'>,
): Promise<void> {
  const TableInput = { ...inputOf(existing), ...changes };
  await call(session, doing, (client, options) =>
    client.send(
      new UpdateTableCommand({ DatabaseName: database, TableInput, VersionId: existing.VersionId }),
      options,
    ),
  );
}

/** Throws StageFailure `conflict` when somebody else has just created it. */
export async function createTable(session: GlueSession, database: string, input: TableInput): Promise<void> {
  await call(session, `create table ${database}.${input.Name ?? ''}`, (client, options) =>
    client.send(new CreateTableCommand({ DatabaseName: database, TableInput: input }), options),
  );
}

async function widen(
  session: GlueSession,
  wanted: TableDefinition,
  existing: Table,
  batch: readonly GlueColumn[],
): Promise<UpsertedTable> {
  const name = `${wanted.database}.${wanted.table}`;
  checkPartitioning(name, existing);
  const merged = mergeColumns(name, existing.StorageDescriptor?.Columns ?? [], batch);
  const { columns, partition, added } = merged;
  if (added.length + merged.widened.length === 0) return { change: 'unchanged', added, columns, partition };
  await updateTable(session, `widen table ${name}`, wanted.database, existing, {
    StorageDescriptor: { ...existing.StorageDescriptor, Columns: [...columns] },
  });
  return { change: 'widened', added, columns, partition };
}

/** Throws StageFailure `invalid_config` when the table exists and is partitioned otherwise; GetPartition would only say that keys do not match. */
export async function refuseOtherPartitioning(session: GlueSession, wanted: TableName): Promise<void> {
  const existing = await findTable(session, wanted);
  if (existing !== undefined) checkPartitioning(`${wanted.database}.${wanted.table}`, existing);
}

function checkPartitioning(name: string, table: Table): void {
  const keys = (table.PartitionKeys ?? []).map((key) => `${key.Name ?? ''} ${key.Type ?? ''}`.toLowerCase());
  if (keys.length === 1 && keys[0] === `${PARTITION_KEY} string`) return;
  const now = keys.length === 0 ? 'not partitioned' : `partitioned by (${keys.join(', ')})`;
  throw new StageFailure(
    'invalid_config',
    `Glue table ${name} exists and is ${now}, but its rows come as partitions by (${PARTITION_KEY} string). ` +
      'Let the stage register another table, or drop this one when nothing needs it.',
    { facts: { table: name } },
  );
}

/** What UpdateTable accepts of what GetTable gave: everything that others set on the table stays. */
function inputOf(table: Table): TableInput {
  return {
    Name: table.Name,
    Description: table.Description,
    Owner: table.Owner,
    LastAccessTime: table.LastAccessTime,
    LastAnalyzedTime: table.LastAnalyzedTime,
    Retention: table.Retention,
    PartitionKeys: table.PartitionKeys,
    ViewOriginalText: table.ViewOriginalText,
    ViewExpandedText: table.ViewExpandedText,
    TableType: table.TableType,
    Parameters: table.Parameters,
  };
}
