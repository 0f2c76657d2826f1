import type { S3Client } from '@aws-sdk/client-s3';
import { KeyRecord } from '../../connectors/keys/key-record.ts';
import { SortedRun } from '../../connectors/keys/sorted-run.ts';
import type { RowReader } from '../../connectors/parquet/row-reader.ts';
import { TupleReader } from '../../connectors/parquet/tuple-reader.ts';
import { keysUri, type StagedRevision } from '../../connectors/s3/location.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StoredRun } from '../../pipeline/key-state.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import type { SourceTable } from './extract-source.ts';
import type { StageRun } from './runner.ts';

/** The keys of one run, in the snapshot of its source. */
export interface KeysNow {
  readonly columns: readonly Column[];
  readonly runs: readonly StoredRun[];
}

/** Two databases do not write these alike, so that one value may have several records. */
const UNFIT = new Set(['float32', 'float64', 'json', 'binary']);

/**
 * Reads the keys of all rows, in the snapshot in which the rows were read, and writes them to S3 in sorted runs: what is in
 * memory is one run, whatever the size of the table.
 * @throws StageFailure `invalid_config` for a key of a type that cannot be compared, `data_error` for one that is NULL.
 */
export async function stageKeys(
  client: S3Client,
  run: StageRun<ExtractWork>,
  staged: StagedRevision,
  table: SourceTable,
  { signal, onKeys }: { readonly signal: AbortSignal; readonly onKeys: (keys: number) => void },
): Promise<KeysNow> {
  const { from } = run.stage.work;
  const columns = keyColumns(run, table.columns);
  const rows = table.keys(columns.map(({ name }) => name));
  const record = new KeyRecord(from);
  const sinks = record.sinks(columns);
  const stored: StoredRun[] = [];
  let reader: RowReader | undefined;
  let open = new SortedRun();
  const flush = async (): Promise<void> => {
    if (open.keys === 0) return;
    const url = keysUri(staged, run.attempt, `keys-${String(stored.length).padStart(5, '0')}.run`);
    const { bytes } = await putObject(client, url, open.blocks(), { contentType: CONTENT_TYPE, signal });
    stored.push({ url, bytes, keys: open.keys });
    open = new SortedRun();
  };
  while (await rows.more()) {
    const read = (reader ??=
      rows.openReader?.(from, columns, sinks) ?? new TupleReader(from, columns, sinks));
    rows.take((bytes, view, at) => {
      record.clear();
      read.addRow(bytes, view, at);
      open.add(record.content);
    });
    if (open.full) await flush();
    onKeys(stored.reduce((sum, { keys }) => sum + keys, open.keys));
  }
  await flush();
  return { columns, runs: stored };
}

/** Of a run of sorted keys. */
export const CONTENT_TYPE = 'application/octet-stream';

/** The columns of the key in the order of the configuration. */
function keyColumns({ stage }: StageRun<ExtractWork>, columns: readonly Column[]): readonly Column[] {
  const { from, key = [] } = stage.work;
  return key.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined)
      throw new StageFailure(
        'not_found',
        `The table ${from} has no column "${name}", which the stage ${stage.id} names in its key.`,
        { facts: { table: from, column: name } },
      );
    if (UNFIT.has(column.type.kind))
      throw new StageFailure(
        'invalid_config',
        `The stage ${stage.id} detects deletes by the key ${from}.${name}, which is of type ${describeType(column.type)}: values of it cannot be compared for ` +
          'certain. Name a key of numbers, texts, uuids or times, or remove detect_deletes.',
        { facts: { table: from, column: name, type: describeType(column.type) } },
      );
    return column;
  });
}
