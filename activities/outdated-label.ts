import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { latestRun } from '../catalog/run-ledger.ts';
import type { Target, RoutingTable } from '../pipeline/routing.ts';
import { planOf, type RunStep } from '../pipeline/run-plan.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { isOnGrid, parseTimelabel } from '../pipeline/timelabel.ts';

/** A label as somebody names it. */
interface NamedLabel {
  readonly stage: string;
  readonly timelabel: string;
}

/**
 * The target that is meant, or what a run does whose stage, or the period of whose stage, the configuration in force does
 * not have any more: one in flight goes on under the definition that it opened with, one that waits under a definition
 * that it keeps waits on, any other ends. A label that never ran is a mistake, which no repetition changes.
 */
export async function targetOrEnd(
  client: pg.PoolClient,
  configs: ConfigStore,
  table: RoutingTable,
  named: NamedLabel,
): Promise<Target | RunStep> {
  const stage = table.stages.get(named.stage);
  const timelabel = parseTimelabel(named.timelabel);
  const target = stage === undefined || timelabel === undefined ? undefined : { stage, timelabel };
  if (target !== undefined && isOnGrid(target.stage.period, target.timelabel)) return target;
  const latest = await latestRun(client, named.stage, named.timelabel);
  if (latest === undefined) throw mistake(table, named);
  if (target !== undefined && latest.status === 'WAITING' && latest.pinned !== null) return target;
  const { revision, status, configVersion } = latest;
  if (status === 'RUNNING') {
    const opened = (await configs.version(client, configVersion)).stages.get(named.stage);
    if (opened !== undefined) return planOf(opened, revision, stageQueue(opened));
  }
  const version = `config version ${String(table.configVersion)}`;
  const reason =
    stage === undefined
      ? `${version} has no stage ${named.stage}`
      : `labels of ${stage.id} cover ${stage.period} since ${version}`;
  return { kind: 'nothing-new', revision, reason };
}

function mistake(table: RoutingTable, { stage: id, timelabel }: NamedLabel): ApplicationFailure {
  const stage = table.stages.get(id);
  if (stage === undefined) {
    const known = [...table.stages.keys()].slice(0, 10).join(', ');
    return ApplicationFailure.nonRetryable(`There is no stage "${id}". Known are ${known}.`, 'not_found');
  }
  const reason = `"${timelabel}" is not the start of an interval of ${stage.id}, whose labels cover ${stage.period} each (YYYYMMDDHHmm00, UTC).`;
  return ApplicationFailure.nonRetryable(reason, 'invalid_config');
}
