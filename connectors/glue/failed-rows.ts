import {
  CreatePartitionCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  UpdatePartitionCommand,
  type Column as GlueColumn,
  type Partition,
  type PartitionInput,
  type Table,
} from '@aws-sdk/client-glue';
import { FAILED_ROW_COLUMNS, failedRowsQuery, type PublishedLabel } from '../../pipeline/failed-rows.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { call, find, type GlueSession } from './call.ts';
import { glueColumns } from './column-types.ts';
import { withoutContention } from './contention.ts';
import { parquetStorage } from './parquet-storage.ts';
import { createTable, findTable } from './table.ts';

/*
 * Nothing in the catalog of Athena is written in one transaction with anything else, but one call points a partition to a folder
 * and sets its parameters. So each published revision has a partition of its own in one table: its folder holds the rows that the
 * application refused, and a parameter of it is the marker.
 */

/** In the database of the published table, so that the rows lie beside those that they come from. */
export const FAILED_ROWS = 'reefline_failed_rows';

const KEYS: readonly GlueColumn[] = [
  { Name: 'dataset', Type: 'string' },
  { Name: 'reefline_timelabel', Type: 'string' },
  { Name: 'revision', Type: 'int' },
];

/** Parameter of a partition whose revision was published to its end: how many rows the application took. */
const PUBLISHED = 'reefline.published_rows';

const columnsOf = (database: string): GlueColumn[] =>
  glueColumns(`${database}.${FAILED_ROWS}`, FAILED_ROW_COLUMNS);

/** The SELECT by which a person sees the failed rows of a label. */
export function failedRowsSelect(database: string, label: PublishedLabel): string {
  return failedRowsQuery(`${database}.${FAILED_ROWS}`, 'reefline_timelabel', label);
}

/** Creates the table when it is not there; `location` is the folder above its files. Throws StageFailure `invalid_config` for another table of its name. */
export async function prepareFailedRows(
  session: GlueSession,
  database: string,
  location: string,
): Promise<void> {
  await withoutContention(`table ${database}.${FAILED_ROWS}`, session.signal, async () => {
    const existing = await findTable(session, { database, table: FAILED_ROWS });
    if (existing !== undefined) {
      refuseOther(database, existing);
      return;
    }
    await createTable(session, database, {
      Name: FAILED_ROWS,
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: [...KEYS],
      StorageDescriptor: parquetStorage(columnsOf(database), location),
      Parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
    });
  });
}

/**
 * How many rows of the label the application has already: by its own revision or a newer one; of a whole table, 0 when a
 * newer label is there. Undefined when the label has to be sent.
 */
export async function publishedRows(
  session: GlueSession,
  database: string,
  label: PublishedLabel,
  wholeTable: boolean,
): Promise<number | undefined> {
  const { dataset, timelabel, revision } = label;
  const own = `reefline_timelabel = ${literal(timelabel)} AND revision >= ${String(revision)}`;
  const newer = wholeTable ? ` OR reefline_timelabel > ${literal(timelabel)}` : '';
  const expression = `dataset = ${literal(dataset)} AND ((${own})${newer})`;
  let newerLabel = false;
  let oldest: { readonly revision: number; readonly rows: number } | undefined;
  let token: string | undefined;
  do {
    const next = token === undefined ? {} : { NextToken: token };
    const answer = await call(session, `read the markers of ${dataset}`, (client, options) =>
      client.send(
        new GetPartitionsCommand({
          DatabaseName: database,
          TableName: FAILED_ROWS,
          Expression: expression,
          ExcludeColumnSchema: true,
          ...next,
        }),
        options,
      ),
    );
    for (const partition of answer.Partitions ?? []) {
      const rows = publishedBy(partition);
      const [, found, of] = partition.Values ?? [];
      if (rows === undefined) continue;
      if (found !== timelabel) newerLabel = true;
      else if (oldest === undefined || Number(of) < oldest.revision) oldest = { revision: Number(of), rows };
    }
    token = answer.NextToken;
  } while (token !== undefined);
  return oldest?.rows ?? (newerLabel ? 0 : undefined);
}

/**
 * Shows the files of one folder as the failed rows of a revision, in one call, and with `published` records that the application has
 * its label. A revision that is recorded stays as it is. May be called any number of times.
 */
export async function showFailedRows(
  session: GlueSession,
  database: string,
  label: PublishedLabel,
  folder: string,
  published?: number,
): Promise<void> {
  const { dataset, timelabel, revision } = label;
  const values = [dataset, timelabel, String(revision)];
  const at = { DatabaseName: database, TableName: FAILED_ROWS };
  const object = `partition ${values.join('/')} of table ${database}.${FAILED_ROWS}`;
  const input: PartitionInput = {
    Values: values,
    StorageDescriptor: parquetStorage(columnsOf(database), folder),
    Parameters: published === undefined ? {} : { [PUBLISHED]: String(published) },
  };
  await withoutContention(object, session.signal, async () => {
    const found = await find(session, `read ${object}`, (client, options) =>
      client.send(new GetPartitionCommand({ ...at, PartitionValues: values }), options),
    );
    if (found?.Partition === undefined)
      await call(session, `create ${object}`, (client, options) =>
        client.send(new CreatePartitionCommand({ ...at, PartitionInput: input }), options),
      );
    else if (publishedBy(found.Partition) === undefined)
      await call(session, `update ${object}`, (client, options) =>
        client.send(
          new UpdatePartitionCommand({ ...at, PartitionValueList: values, PartitionInput: input }),
          options,
        ),
      );
  });
}

function publishedBy({ Parameters }: Partition): number | undefined {
  const rows = Parameters?.[PUBLISHED];
  return rows === undefined ? undefined : Number(rows);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function refuseOther(database: string, { PartitionKeys = [] }: Table): void {
  const shape = (keys: readonly GlueColumn[]): string =>
    keys.map(({ Name = '', Type = '' }) => `${Name} ${Type}`.toLowerCase()).join(', ');
  if (shape(PartitionKeys) === shape(KEYS)) return;
  const name = `${database}.${FAILED_ROWS}`;
  throw new StageFailure(
    'invalid_config',
    `Glue table ${name} exists and is not the one in which Reefline keeps the rows that an application refuses, which is partitioned by (${shape(KEYS)}). Rename or drop it.`,
    { facts: { table: name } },
  );
}
