import { readRounds } from '../../connectors/parquet/read-pages.ts';
import { TupleWriter } from '../../connectors/parquet/tuple-writer.ts';
import { loadRows } from '../../connectors/postgres/load.ts';
import type { LoadRows } from '../../connectors/postgres/load-request.ts';
import type { WireType } from '../../connectors/postgres/load-types.ts';
import type { createS3Client } from '../../connectors/s3/client.ts';
import { readRange } from '../../connectors/s3/read-range.ts';
import type { Column } from '../../pipeline/column.ts';
import type { PostgresConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { ManifestEntry } from '../../pipeline/manifest.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { readBatches, stageStore, type StagedBatches } from './staged-batches.ts';

type Store = ReturnType<typeof createS3Client>;

/** Files that have the same columns, and may be NULL where `columns` says so. */
interface StagedFiles {
  readonly columns: readonly Column[];
  readonly entries: readonly ManifestEntry[];
}

/** Copies the staged batches of one label into a table, file by file, without keeping any of them whole. */
export async function loadIntoPostgres(
  run: StageRun<LoadWork>,
  tools: StageTools,
  { name, connection }: { readonly name: DatasetName; readonly connection: PostgresConnection },
): Promise<StageOutput> {
  const { work, output, timeoutSeconds } = run.stage;
  const { batches, columns, deletes } = await readBatches(run, tools, { deletes: 'honoured' });
  refuseOtherFormats(batches);
  const store = stageStore(work.from, tools);
  const batch = (rowColumns: readonly Column[], files: readonly StagedFiles[]): LoadRows => ({
    columns: rowColumns,
    count: files.flatMap(({ entries }) => entries).reduce((sum, { meta }) => sum + meta.rows, 0),
    read: (wires) =>
      tuplesOf(
        store,
        { dataset: work.from, label: run.timelabel, columns: rowColumns, wires },
        files,
        tools.signal,
      ),
  });
  try {
    const { rows, columns: held } = await loadRows(
      {
        connection: name.connection,
        url: connection.url,
        statementTimeoutSeconds: timeoutSeconds,
        silenceSeconds: connection.silenceSeconds,
        signal: tools.signal,
      },
      {
        marker: { dataset: output, timelabel: run.timelabel, revision: run.revision },
        table: name,
        mode: work.mode,
        key: work.key,
        rows: batch(
          columns,
          batches.map(({ manifest }) => ({ columns: manifest.reefline.columns, entries: manifest.entries })),
        ),
        ...(deletes === undefined ? {} : { deletes: batch(deletes.columns, [deletes]) }),
      },
    );
    return { rows, bytes: null, uri: null, columns: held };
  } finally {
    store.destroy();
  }
}

interface Tuples {
  readonly dataset: string;
  readonly label: string;
  readonly columns: readonly Column[];
  readonly wires: readonly WireType[];
}

async function* tuplesOf(
  store: Store,
  { dataset, label, columns, wires }: Tuples,
  files: readonly StagedFiles[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const typed = columns.flatMap((column, at) => {
    const wire = wires[at];
    return wire === undefined ? [] : [{ column, wire }];
  });
  const writer = new TupleWriter(dataset, typed, label);
  for (const { entries, columns: own } of files) {
    for (const { url, meta } of entries) {
      const size = meta.content_length;
      const source = {
        name: url,
        size,
        read: (start: number, end: number) => readRange(store, url, { start, end, size }, signal),
      };
      for await (const round of readRounds(source, own)) yield* writer.write(round);
    }
  }
}

function refuseOtherFormats(batches: StagedBatches['batches']): void {
  const other = batches.find(({ manifest }) => manifest.reefline.format !== 'parquet');
  if (other === undefined) return;
  throw new StageFailure(
    'invalid_config',
    `Loads into PostgreSQL take Parquet files, and ${other.uri} names files in ${other.manifest.reefline.format}. Set format: parquet in the extract.`,
    { facts: { uri: other.uri } },
  );
}
