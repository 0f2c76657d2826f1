import { openWarehouse } from '../../connectors/redshift/client.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { findViolations } from '../../connectors/redshift/violations.ts';
import type { AssertionResult } from '../../pipeline/assertion-result.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import type { CheckWork } from '../../pipeline/stage.ts';
import { violationFailure } from './check-failure.ts';
import type { StageRunner } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

/** Looks for rows that violate the assertions about one label of a Redshift table. Changes nothing in the warehouse. */
export const checkStage: StageRunner<CheckWork> = async (run, tools) => {
  const { work, output } = run.stage;
  const { connection } = warehouseTarget(work.from, tools);
  const queries = work.assertions.map(({ name, sql, file }) => ({
    name,
    file,
    select: bindParameters(sql, run),
  }));
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const { progress, watch } = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    const request = { marker, queries, attempt: run.attempt };
    const found = await findViolations(warehouse, request, progress, watch);
    const checks = work.assertions.map(({ name, severity }, at): AssertionResult => {
      const { count = 0, sample = [] } = found[at] ?? {};
      return { name, severity, violations: count, sample };
    });
    const failure = violationFailure(run.stage, run.timelabel, checks);
    if (failure !== undefined) throw failure;
    return { rows: checks.length, bytes: null, uri: null, columns: null, checks };
  } finally {
    warehouse.client.destroy();
  }
};
