import { openWarehouse } from '../../connectors/redshift/client.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { queryColumns, stageQuery } from '../../connectors/redshift/query-columns.ts';
import { stagingName } from '../../connectors/redshift/resumable.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import { applyBatch } from './apply-batch.ts';
import { athenaTable } from './athena-table.ts';
import { destinationOf } from './destination.ts';
import type { StageOutput, StageRun, StageRunner, StageTools } from './runner.ts';
import { transformInAthena } from './transform-athena.ts';
import { transformInSnowflake } from './transform-snowflake.ts';
import { warehouseTarget } from './warehouse-target.ts';

/** Runs a SELECT for one label and keeps its rows in a table of the warehouse: Redshift, Athena or Snowflake. */
export const transformStage: StageRunner<TransformWork> = async (run, tools) => {
  const { name, connection } = destinationOf(run.stage.output, tools);
  if (connection.kind === 'snowflake') return transformInSnowflake(run, tools, { name, connection });
  const athena = athenaTable(run.stage.output, tools);
  return athena === undefined
    ? transformInRedshift(run, tools)
    : transformInAthena(run, tools, athena.connection, athena.table);
};

async function transformInRedshift(run: StageRun<TransformWork>, tools: StageTools): Promise<StageOutput> {
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
}
