import { openWarehouse } from '../../connectors/redshift/client.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { queryColumns, stageQuery } from '../../connectors/redshift/query-columns.ts';
import { stagingName } from '../../connectors/redshift/resumable.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import { applyBatch } from './apply-batch.ts';
import type { StageRunner } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

/** Runs a SELECT for one label and keeps its rows in a Redshift table. */
export const transformStage: StageRunner<TransformWork> = async (run, tools) => {
  const { work, output } = run.stage;
  const { connection, table } = warehouseTarget(output, tools);
  const select = bindParameters(work.sql, run);
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const attempt = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    const incoming = await queryColumns(warehouse, stagingName(marker), select, work.file, attempt.watch);
    const batch = {
      marker,
      target: table,
      incoming,
      fill: (staging: string) => [stageQuery(staging, select)],
      wallClock: false,
    };
    return await applyBatch(warehouse, run, batch, attempt);
  } finally {
    warehouse.client.destroy();
  }
};
