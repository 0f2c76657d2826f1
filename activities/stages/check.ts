import { openAthena } from '../../connectors/athena/client.ts';
import { trackQuery } from '../../connectors/athena/progress.ts';
import { findViolations as findByAthena } from '../../connectors/athena/violations.ts';
import { openWarehouse } from '../../connectors/redshift/client.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { findViolations } from '../../connectors/redshift/violations.ts';
import { findViolations as findInSnowflake } from '../../connectors/snowflake/violations.ts';
import type { AssertionQuery, Violations } from '../../pipeline/assertion-query.ts';
import type { AssertionResult } from '../../pipeline/assertion-result.ts';
import type { AthenaConnection, Connection } from '../../pipeline/connection.ts';
import { bindParameters, type SqlReader } from '../../pipeline/sql-parameters.ts';
import type { CheckWork } from '../../pipeline/stage.ts';
import { inSnowflake } from './apply-snowflake.ts';
import { violationFailure } from './check-failure.ts';
import { destinationOf } from './destination.ts';
import type { StageRun, StageRunner, StageTools } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

type Found = readonly Violations[];

/** Looks for rows that violate the assertions about one label of a table. Changes nothing in the warehouse. */
export const checkStage: StageRunner<CheckWork> = async (run, tools) => {
  const { work } = run.stage;
  const { connection } = destinationOf(work.from, tools);
  const found = await findIn(connection, run, tools);
  const checks = work.assertions.map(({ name, severity }, at): AssertionResult => {
    const { count = 0, sample = [] } = found[at] ?? {};
    return { name, severity, violations: count, sample };
  });
  const failure = violationFailure(run.stage, run.timelabel, checks);
  if (failure !== undefined) throw failure;
  return { rows: checks.length, bytes: null, uri: null, columns: null, checks };
};

async function findIn(connection: Connection, run: StageRun<CheckWork>, tools: StageTools): Promise<Found> {
  if (connection.kind === 'snowflake')
    return inSnowflake(connection, tools, ({ warehouse, watch }) =>
      findInSnowflake(warehouse, run.stage.output, queriesOf(run, 'snowflake'), watch),
    );
  return connection.kind === 'athena' ? findInAthena(connection, run, tools) : findInRedshift(run, tools);
}

async function findInAthena(
  connection: AthenaConnection,
  run: StageRun<CheckWork>,
  tools: StageTools,
): Promise<Found> {
  const marker = { dataset: run.stage.output, timelabel: run.timelabel, revision: run.revision };
  const queries = queriesOf(run, 'athena');
  const { progress, watch } = trackQuery(tools);
  const athena = openAthena(connection);
  try {
    return await findByAthena(athena, { marker, queries, attempt: run.attempt }, progress, watch);
  } finally {
    athena.client.destroy();
  }
}

async function findInRedshift(run: StageRun<CheckWork>, tools: StageTools): Promise<Found> {
  const { work, output } = run.stage;
  const { connection } = warehouseTarget(work.from, tools);
  const queries = queriesOf(run, 'redshift');
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const { progress, watch } = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    return await findViolations(warehouse, { marker, queries, attempt: run.attempt }, progress, watch);
  } finally {
    warehouse.client.destroy();
  }
}

function queriesOf(run: StageRun<CheckWork>, reader: SqlReader): readonly AssertionQuery[] {
  return run.stage.work.assertions.map(({ name, sql, file }) => ({
    name,
    file,
    select: bindParameters(sql, run, reader),
  }));
}
