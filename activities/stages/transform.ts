import { applyOnce, appliedRows } from '../../connectors/redshift/apply.ts';
import { openWarehouse } from '../../connectors/redshift/client.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { prepareTarget } from '../../connectors/redshift/prepare-target.ts';
import { queryColumns, stageQuery } from '../../connectors/redshift/query-columns.ts';
import { stagingName } from '../../connectors/redshift/resumable.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { StageRunner } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

/** Runs a SELECT for one label and keeps its rows in a Redshift table. */
export const transformStage: StageRunner<TransformWork> = async (run, tools) => {
  const { work, output } = run.stage;
  const { connection, table } = warehouseTarget(output, tools);
  const select = bindParameters(work.sql, run);
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const { progress, watch } = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    const incoming = await queryColumns(warehouse, stagingName(marker), select, work.file, watch);
    const columns = await prepareTarget(warehouse, output, table, incoming, watch);
    const done = run.attempt > 1 ? await appliedRows(warehouse, marker, watch) : undefined;
    const request = {
      marker,
      target: table,
      mode: work.mode,
      key: work.key,
      columns: incoming,
      fill: (staging: string) => [stageQuery(staging, select)],
      wallClock: false,
      attempt: run.attempt,
    };
    const rows = done ?? (await applyOnce(warehouse, request, progress, watch));
    return { rows, bytes: null, uri: null, columns };
  } finally {
    warehouse.client.destroy();
  }
};
