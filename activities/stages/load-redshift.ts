import { openWarehouse } from '../../connectors/redshift/client.ts';
import { copyStatements, fillDeletes } from '../../connectors/redshift/copy-statements.ts';
import { tableOf } from '../../connectors/redshift/names.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import type { RedshiftConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { applyBatch } from './apply-batch.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { readBatches } from './staged-batches.ts';

/** Has Redshift copy the staged batches of one label into a table. */
export async function loadIntoRedshift(
  run: StageRun<LoadWork>,
  tools: StageTools,
  { name, connection }: { readonly name: DatasetName; readonly connection: RedshiftConnection },
): Promise<StageOutput> {
  const { batches, columns, deletes } = await readBatches(run, tools, { deletes: 'honoured' });
  const marker = { dataset: run.stage.output, timelabel: run.timelabel, revision: run.revision };
  const attempt = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    const batch = {
      marker,
      target: tableOf(name),
      incoming: columns,
      fill: (staging: string) => copyStatements(staging, columns, batches, connection.copyRole),
      wallClock: batches[0]?.manifest.reefline.format === 'parquet',
      ...(deletes === undefined ? {} : { deletes: fillDeletes(deletes, connection.copyRole) }),
    };
    return await applyBatch(warehouse, run, batch, attempt);
  } finally {
    warehouse.client.destroy();
  }
}
