import { tableOf } from '../../connectors/snowflake/names.ts';
import { queryColumns, stageQuery } from '../../connectors/snowflake/query-columns.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import { applyInSnowflake, inSnowflake } from './apply-snowflake.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';

/** Runs a SELECT for one label in Snowflake and keeps its rows in a table there. */
export async function transformInSnowflake(
  run: StageRun<TransformWork>,
  tools: StageTools,
  { name, connection }: { readonly name: DatasetName; readonly connection: SnowflakeConnection },
): Promise<StageOutput> {
  const { sql, file } = run.stage.work;
  const select = bindParameters(sql, run, 'snowflake');
  return inSnowflake(connection, tools, async (session) => {
    const incoming = await queryColumns(session.warehouse, select, file, session.watch);
    return applyInSnowflake(session, run, {
      target: tableOf(name),
      incoming,
      fill: (staging) => [stageQuery(staging, select)],
    });
  });
}
