import {
  CreatePartitionCommand,
  GetPartitionCommand,
  UpdatePartitionCommand,
  type Column as GlueColumn,
  type Partition,
  type PartitionInput,
} from '@aws-sdk/client-glue';
import { call, find, type GlueSession } from './call.ts';
import { withoutContention } from './contention.ts';
import { parquetStorage } from './parquet-storage.ts';
import type { TableName } from './table.ts';

/** Parameter that says which revision of the label a partition shows. */
const REVISION = 'reefline.revision';

export interface PartitionDefinition extends TableName {
  readonly timelabel: string;
  /** Revision of the batch, counted from 1. */
  readonly revision: number;
  /** Folder that holds the files of this revision and nothing else, `s3://…/`. */
  readonly location: string;
  /** What `upsertTable` returned for the partition: readers compare it with the table's columns by position. */
  readonly columns: readonly GlueColumn[];
  readonly rows: number;
  readonly bytes: number;
}

/** `superseded`: the partition already shows a newer revision and was left alone. */
export type PutPartition = 'created' | 'updated' | 'unchanged' | 'superseded';

/**
 * Points the label's partition to this revision's files, in one call, so that a reader sees the old revision or the
 * new one and never none. A partition of a newer revision stays. May be called any number of times.
 *
 * Glue has no conditional update of a partition: of two writers at the very same moment the later call wins. So the
 * result is read back and written again when it shows an older revision. What remains is an older writer whose update
 * arrives after the newer one has read back; that there is one run per label at a time keeps it from happening.
 */
export async function putPartition(session: GlueSession, wanted: PartitionDefinition): Promise<PutPartition> {
  const object = `partition ${wanted.timelabel} of table ${wanted.database}.${wanted.table}`;
  return withoutContention(object, session.signal, async () => {
    const done = await put(session, wanted, object);
    if (done === 'unchanged' || done === 'superseded') return done;
    const shown = revisionOf(await findPartition(session, wanted, object));
    if (shown < wanted.revision) await put(session, wanted, object);
    return shown > wanted.revision ? 'superseded' : done;
  });
}

/** What the label's partition shows, when it shows this revision or a newer one; undefined else. */
export async function shownPartition(
  session: GlueSession,
  wanted: Pick<PartitionDefinition, 'database' | 'table' | 'timelabel' | 'revision'>,
): Promise<
  | { readonly revision: number; readonly rows: number; readonly bytes: number; readonly location: string }
  | undefined
> {
  const object = `partition ${wanted.timelabel} of table ${wanted.database}.${wanted.table}`;
  const found = await findPartition(session, wanted, object);
  const revision = revisionOf(found);
  if (found === undefined || revision < wanted.revision) return undefined;
  const { numRows, totalSize } = found.Parameters ?? {};
  const location = found.StorageDescriptor?.Location ?? '';
  return { revision, rows: Number(numRows ?? 0), bytes: Number(totalSize ?? 0), location };
}

async function put(session: GlueSession, wanted: PartitionDefinition, object: string): Promise<PutPartition> {
  const existing = await findPartition(session, wanted, object);
  const at = { DatabaseName: wanted.database, TableName: wanted.table };
  const input = describePartition(wanted);
  if (existing === undefined) {
    await call(session, `create ${object}`, (client, options) =>
      client.send(new CreatePartitionCommand({ ...at, PartitionInput: input }), options),
    );
    return 'created';
  }
  if (revisionOf(existing) > wanted.revision) return 'superseded';
  if (shows(existing, wanted)) return 'unchanged';
  await call(session, `update ${object}`, (client, options) =>
    client.send(
      new UpdatePartitionCommand({ ...at, PartitionValueList: [wanted.timelabel], PartitionInput: input }),
      options,
    ),
  );
  return 'updated';
}

async function findPartition(
  session: GlueSession,
  { database, table, timelabel }: Pick<PartitionDefinition, 'database' | 'table' | 'timelabel'>,
  object: string,
): Promise<Partition | undefined> {
  const answer = await find(session, `read ${object}`, (client, options) =>
    client.send(
      new GetPartitionCommand({ DatabaseName: database, TableName: table, PartitionValues: [timelabel] }),
      options,
    ),
  );
  return answer?.Partition;
}

function describePartition(wanted: PartitionDefinition): PartitionInput {
  return {
    Values: [wanted.timelabel],
    StorageDescriptor: parquetStorage(wanted.columns, wanted.location),
    Parameters: {
      [REVISION]: String(wanted.revision),
      // Names that Hive, Spark and Athena read statistics from.
      numRows: String(wanted.rows),
      totalSize: String(wanted.bytes),
    },
  };
}

function shows(existing: Partition, wanted: PartitionDefinition): boolean {
  const names = (columns: readonly GlueColumn[] | undefined): string =>
    JSON.stringify((columns ?? []).map((column) => [column.Name, column.Type]));
  return (
    revisionOf(existing) === wanted.revision &&
    existing.StorageDescriptor?.Location === wanted.location &&
    names(existing.StorageDescriptor.Columns) === names(wanted.columns)
  );
}

/** 0 for a partition that somebody else made, or none: any revision of ours is newer. */
function revisionOf(partition: Partition | undefined): number {
  const revision = Number(partition?.Parameters?.[REVISION]);
  return Number.isSafeInteger(revision) ? revision : 0;
}
