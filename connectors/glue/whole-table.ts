import type { Column as GlueColumn, Table, TableInput } from '@aws-sdk/client-glue';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { GlueSession } from './call.ts';
import { glueColumns } from './column-types.ts';
import { mergeColumns } from './columns-merge.ts';
import { withoutContention } from './contention.ts';
import { parquetStorage } from './parquet-storage.ts';
import { createTable, ensureDatabase, findTable, updateTable, type TableName } from './table.ts';

/** Parameters that say whose rows a table without partitions shows. */
const LABEL = 'reefline.timelabel';
const REVISION = 'reefline.revision';

/** Which rows of a table are meant: those of one revision of one label. */
export interface WholeTableRows extends TableName {
  readonly timelabel: string;
  readonly revision: number;
}

export interface WholeTableDefinition extends WholeTableRows {
  readonly columns: readonly Column[];
  /** Folder that holds the files of this revision and nothing else, `s3://…/`. */
  readonly location: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What a table shows that needs nothing done: these rows or those of a newer revision of the label, or a newer label's. */
export type ShownTable =
  | { readonly kind: 'label'; readonly rows: number; readonly bytes: number; readonly location: string }
  | { readonly kind: 'newer label' };

/** Undefined when the rows are still to be shown. Throws StageFailure `invalid_config` for a table that cannot show them. */
export async function shownTable(
  session: GlueSession,
  wanted: WholeTableRows,
): Promise<ShownTable | undefined> {
  const existing = await findTable(session, wanted);
  if (existing === undefined) return undefined;
  refuseOthers(wanted, existing);
  return shownBy(existing, wanted);
}

/**
 * Points the whole table to the files of one revision, in one call, so that a reader sees all of the old rows or all of the new ones.
 * The call names the version of the table that it was computed from, so an older label or revision never takes the place of a
 * newer one: whoever comes second looks again. Columns are only added and widened, as `upsertTable` does. May be called any number of times.
 */
export async function putWholeTable(session: GlueSession, wanted: WholeTableDefinition): Promise<ShownTable> {
  const name = `${wanted.database}.${wanted.table}`;
  const batch = glueColumns(name, wanted.columns);
  const { rows, bytes, location } = wanted;
  return withoutContention(`table ${name}`, session.signal, async () => {
    const existing = await findTable(session, wanted);
    if (existing === undefined) await create(session, wanted, batch);
    else {
      refuseOthers(wanted, existing);
      const shown = shownBy(existing, wanted);
      if (shown !== undefined) return shown;
      await move(session, wanted, existing, batch);
    }
    return { kind: 'label', rows, bytes, location };
  });
}

async function create(
  session: GlueSession,
  wanted: WholeTableDefinition,
  columns: readonly GlueColumn[],
): Promise<void> {
  await ensureDatabase(session, wanted.database);
  const input: TableInput = {
    Name: wanted.table,
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: parquetStorage(columns, wanted.location),
    Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', ...parametersOf(wanted) },
  };
  await createTable(session, wanted.database, input);
}

async function move(
  session: GlueSession,
  wanted: WholeTableDefinition,
  existing: Table,
  batch: readonly GlueColumn[],
): Promise<void> {
  const name = `${wanted.database}.${wanted.table}`;
  const { columns } = mergeColumns(name, existing.StorageDescriptor?.Columns ?? [], batch);
  await updateTable(session, `move table ${name} to its new rows`, wanted.database, existing, {
    StorageDescriptor: parquetStorage(columns, wanted.location),
    Parameters: { ...existing.Parameters, classification: 'parquet', ...parametersOf(wanted) },
  });
}

function parametersOf({ timelabel, revision, rows, bytes }: WholeTableDefinition): Record<string, string> {
  return {
    [LABEL]: timelabel,
    [REVISION]: String(revision),
    // Names that Hive, Spark and Athena read statistics from.
    numRows: String(rows),
    totalSize: String(bytes),
  };
}

/** A table that somebody else made has no label: any of ours is newer. Labels sort as text. */
function shownBy(
  { Parameters = {}, StorageDescriptor }: Table,
  wanted: WholeTableRows,
): ShownTable | undefined {
  const label = Parameters[LABEL] ?? '';
  if (label > wanted.timelabel) return { kind: 'newer label' };
  if (label !== wanted.timelabel || !(Number(Parameters[REVISION]) >= wanted.revision)) return undefined;
  return {
    kind: 'label',
    rows: Number(Parameters['numRows'] ?? 0),
    bytes: Number(Parameters['totalSize'] ?? 0),
    location: StorageDescriptor?.Location ?? '',
  };
}

function refuseOthers({ database, table }: TableName, existing: Table): void {
  const name = `${database}.${table}`;
  const keys = (existing.PartitionKeys ?? []).map(({ Name = '' }) => Name);
  const format = existing.Parameters?.['table_type'];
  const other =
    keys.length > 0
      ? `is partitioned by (${keys.join(', ')})`
      : existing.TableType === 'VIRTUAL_VIEW'
        ? 'is a view'
        : format === undefined
          ? undefined
          : `is of the format ${format}`;
  if (other === undefined) return;
  throw new StageFailure(
    'invalid_config',
    `Glue table ${name} exists and ${other}, but mode replace keeps a plain table of Parquet files. ` +
      'Let the stage write another table, or drop this one when nothing needs it.',
    { facts: { table: name } },
  );
}
