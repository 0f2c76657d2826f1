import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { openTargets } from '../catalog/ledger.ts';
import { lockTargets } from '../catalog/locks.ts';
import { latestRun } from '../catalog/run-ledger.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { isOnGrid, parseTimelabel, type Timelabel } from '../pipeline/timelabel.ts';
import { reportHeld } from './report-held.ts';

export interface OpenRunInput extends OpeningRequest {
  readonly stage: string;
  readonly timelabel: string;
  /** Id of the backfill that asks. */
  readonly backfill?: string;
  /** Who asks, and why. */
  readonly by?: string;
  readonly reason?: string;
}

/**
 * Decides what one (stage, label) does next and records it: run as which revision, wait for what, or nothing new.
 * Idempotent: a repeated call finds the run that the first one opened.
 */
export async function openRun(db: pg.Pool, configs: ConfigStore, input: OpenRunInput): Promise<RunStep> {
  return inTransaction(db, async (client) => {
    const table = await configs.current(client);
    const stage = table.stages.get(input.stage);
    if (stage === undefined) return removedStep(client, table, input);
    const offGrid = await stepOffGrid(client, table, stage, input.timelabel);
    if (offGrid !== undefined) return offGrid;
    const timelabel = input.timelabel as Timelabel;
    await lockTargets(client, [{ stage, timelabel }]);
    const marks = {
      propagates: input.only !== true,
      backfill: input.backfill ?? null,
      actor: input.by ?? null,
      reason: input.reason ?? null,
    };
    const [opened] = await openTargets(client, [{ stage, timelabel }], {
      configs,
      table,
      request: { trigger: input.trigger, rerun: input.rerun, only: input.only === true },
      marks,
      causes: () => [],
    });
    if (opened === undefined) throw new Error(`No opening was decided for ${stage.id} ${timelabel}.`);
    await reportHeld(client, table, [opened], stage.pipeline);
    return stepOf(opened.stage, opened.opening, stageQueue(opened.stage));
  });
}

/** The label of a stage that a person wrote. Throws a failure that no repetition changes when it is none. */
export function labelOf(stage: StageDefinition, text: string): Timelabel {
  const timelabel = parseTimelabel(text);
  if (timelabel !== undefined && isOnGrid(stage.period, timelabel)) return timelabel;
  const reason = `"${text}" is not the start of an interval of ${stage.id}, whose labels cover ${stage.period} each (YYYYMMDDHHmm00, UTC).`;
  throw ApplicationFailure.nonRetryable(reason, 'invalid_config');
}

/**
 * A label that is on no grid any more because the period of its stage has changed: a waiting run that keeps its
 * definition goes on, one that the change closed ends. Any other label off the grid is a mistake.
 */
async function stepOffGrid(
  client: pg.PoolClient,
  table: RoutingTable,
  stage: StageDefinition,
  text: string,
): Promise<RunStep | undefined> {
  const label = parseTimelabel(text);
  if (label !== undefined && isOnGrid(stage.period, label)) return undefined;
  const latest = await latestRun(client, stage.id, text);
  if (latest?.status === 'WAITING' && latest.pinned !== null) return undefined;
  if (latest?.status !== 'CLOSED') labelOf(stage, text);
  const reason = `labels of ${stage.id} cover ${stage.period} since config version ${String(table.configVersion)}`;
  return { kind: 'nothing-new', revision: latest?.revision ?? 0, reason };
}

/** A run that waited when its stage left the configuration ends; any other stage that is not there is a mistake. */
async function removedStep(
  client: pg.PoolClient,
  table: RoutingTable,
  { stage, timelabel }: OpenRunInput,
): Promise<RunStep> {
  const latest = await latestRun(client, stage, timelabel);
  if (latest !== undefined && latest.status !== 'RUNNING')
    return {
      kind: 'nothing-new',
      revision: latest.revision,
      reason: `config version ${String(table.configVersion)} has no stage ${stage}`,
    };
  const known = [...table.stages.keys()].slice(0, 10).join(', ');
  throw ApplicationFailure.nonRetryable(`There is no stage "${stage}". Known are ${known}.`, 'not_found');
}
