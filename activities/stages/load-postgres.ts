import { loadRows } from '../../connectors/postgres/load.ts';
import type { LoadRows } from '../../connectors/postgres/load-request.ts';
import type { Column } from '../../pipeline/column.ts';
import type { PostgresConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { copyParts, type StagedFiles } from './copy-parts.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { readBatches, stageStore } from './staged-batches.ts';

/** Copies the staged batches of one label into a table, file by file, without keeping any of them whole. */
export async function loadIntoPostgres(
  run: StageRun<LoadWork>,
  tools: StageTools,
  { name, connection }: { readonly name: DatasetName; readonly connection: PostgresConnection },
): Promise<StageOutput> {
  const { work, output, timeoutSeconds } = run.stage;
  const { batches, columns, deletes } = await readBatches(run, tools, { deletes: 'honoured' });
  const store = stageStore(work.from, tools);
  const batch = (rowColumns: readonly Column[], files: readonly StagedFiles[]): LoadRows => ({
    columns: rowColumns,
    count: files.flatMap(({ entries }) => entries).reduce((sum, { meta }) => sum + meta.rows, 0),
    parts: copyParts(
      { dataset: work.from, label: run.timelabel, columns: rowColumns },
      files,
      store,
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
          batches.map(({ manifest: { entries, reefline } }) => ({ ...reefline, entries })),
        ),
        ...(deletes === undefined
          ? {}
          : { deletes: batch(deletes.columns, [{ ...deletes, format: 'parquet' }]) }),
      },
    );
    return { rows, bytes: null, uri: null, columns: held };
  } finally {
    store.destroy();
  }
}
