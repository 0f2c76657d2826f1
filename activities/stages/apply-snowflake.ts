import { appliedRows, applyOnce, type ApplyRequest } from '../../connectors/snowflake/apply.ts';
import { closeWarehouse, openWarehouse, type Warehouse } from '../../connectors/snowflake/client.ts';
import { prepareTarget } from '../../connectors/snowflake/prepare-target.ts';
import { trackProgress, type Progress, type Watch } from '../../connectors/snowflake/progress.ts';
import type { Column } from '../../pipeline/column.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import type { LoadWork, TransformWork } from '../../pipeline/stage.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';

/** One session of a stage, and how it is followed. */
export interface SnowflakeWork {
  readonly warehouse: Warehouse;
  readonly progress: Progress;
  readonly watch: Watch;
}

/** Signs in, works, and ends the session, whatever came of the work. */
export async function inSnowflake<T>(
  connection: SnowflakeConnection,
  tools: StageTools,
  work: (session: SnowflakeWork) => Promise<T>,
): Promise<T> {
  const { progress, watch } = trackProgress(tools);
  const warehouse = await openWarehouse(connection, watch);
  try {
    return await work({ warehouse, progress, watch });
  } finally {
    await closeWarehouse(warehouse);
  }
}

/** Makes the target fit for the batch and applies it once, whatever earlier attempts of the run did. */
export async function applyInSnowflake(
  { warehouse, progress, watch }: SnowflakeWork,
  run: StageRun<LoadWork | TransformWork>,
  batch: Pick<ApplyRequest, 'target' | 'fill' | 'deletes'> & { readonly incoming: readonly Column[] },
): Promise<StageOutput> {
  const { work, output } = run.stage;
  const { incoming, ...rest } = batch;
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const columns = await prepareTarget(warehouse, output, rest.target, incoming, watch);
  const done = run.attempt > 1 ? await appliedRows(warehouse, marker, watch) : undefined;
  const request = { ...rest, marker, mode: work.mode, key: work.key, columns: incoming };
  const rows = done ?? (await applyOnce(warehouse, request, progress, watch));
  return { rows, bytes: null, uri: null, columns };
}
