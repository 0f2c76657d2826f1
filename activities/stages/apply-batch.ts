import { applyOnce, appliedRows, type ApplyRequest } from '../../connectors/redshift/apply.ts';
import type { Warehouse } from '../../connectors/redshift/client.ts';
import type { trackProgress } from '../../connectors/redshift/progress.ts';
import { prepareTarget } from '../../connectors/redshift/prepare-target.ts';
import type { Column } from '../../pipeline/column.ts';
import type { LoadWork, TransformWork } from '../../pipeline/stage.ts';
import type { StageOutput, StageRun } from './runner.ts';

/** The rows that a load or transform brings, and how they get into the staging table. */
export type Batch = Pick<ApplyRequest, 'marker' | 'target' | 'fill' | 'wallClock' | 'deletes'> & {
  readonly incoming: readonly Column[];
};

/** Makes the target fit for the batch and applies it once, whatever earlier attempts of the run did. */
export async function applyBatch(
  warehouse: Warehouse,
  run: StageRun<LoadWork | TransformWork>,
  batch: Batch,
  { progress, watch }: ReturnType<typeof trackProgress>,
): Promise<StageOutput> {
  const { work, output } = run.stage;
  const { incoming, ...rest } = batch;
  const columns = await prepareTarget(warehouse, output, batch.target, incoming, watch);
  const done = run.attempt > 1 ? await appliedRows(warehouse, batch.marker, watch) : undefined;
  const request = { ...rest, mode: work.mode, key: work.key, columns: incoming, attempt: run.attempt };
  const rows = done ?? (await applyOnce(warehouse, request, progress, watch));
  return { rows, bytes: null, uri: null, columns };
}
