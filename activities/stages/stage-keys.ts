import type { S3Client } from '@aws-sdk/client-s3';
import { keysUri, type StagedRevision } from '../../connectors/s3/location.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StoredRun } from '../../pipeline/key-state.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import type { SourceTable } from './extract-source.ts';
import type { StageRun } from './runner.ts';
import { sortKeys } from './sort-keys.ts';

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
  const runs = await sortKeys(from, columns, rows, {
    onKeys,
    write: async (sorted, at) => {
      const url = keysUri(staged, run.attempt, `keys-${String(at).padStart(5, '0')}.run`);
      const { bytes } = await putObject(client, url, sorted.blocks(), { contentType: CONTENT_TYPE, signal });
      return { url, bytes, keys: sorted.keys };
    },
  });
  return { columns, runs };
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
