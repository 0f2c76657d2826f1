import { copyStatements, fillDeletes } from '../../connectors/snowflake/copy-statements.ts';
import { tableOf } from '../../connectors/snowflake/names.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { applyInSnowflake, inSnowflake } from './apply-snowflake.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { readBatches } from './staged-batches.ts';

/** Has Snowflake copy the staged batches of one label into a table. */
export async function loadIntoSnowflake(
  run: StageRun<LoadWork>,
  tools: StageTools,
  { name, connection }: { readonly name: DatasetName; readonly connection: SnowflakeConnection },
): Promise<StageOutput> {
  const staged = await readBatches(run, tools, { deletes: 'honoured' });
  const { batches, columns: incoming, deletes } = staged;
  const { storageIntegration } = connection;
  return inSnowflake(connection, tools, (session) =>
    applyInSnowflake(session, run, {
      target: tableOf(name),
      incoming,
      fill: (staging) => copyStatements(staging, incoming, batches, storageIntegration),
      ...(deletes === undefined ? {} : { deletes: fillDeletes(deletes, storageIntegration) }),
    }),
  );
}
