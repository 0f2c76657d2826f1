import type pg from 'pg';
import { dataEventIn, type DataEvent } from '../pipeline/data-event.ts';
import { bareReport, runEvent } from '../pipeline/run-event.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import { decideSkip, type NotSkipped, type SkipDecision } from '../pipeline/skipping.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import type { ConfigStore } from './config-store.ts';
import { dropHeldRuns } from './held-runs.ts';
import { lockTargets } from './locks.ts';
import { readTargets, type KnownTarget } from './read-targets.ts';
import { latestRun } from './run-ledger.ts';
import { appendNotes } from './run-notes.ts';
import { wasLate } from './write-openings.ts';

/** What became of a label that was to be skipped. */
export interface LabelSkip {
  readonly stage: string;
  readonly pipeline: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  /** Null when the label is skipped now. */
  readonly left: NotSkipped | null;
  /** What its router is owed; stored with the ledger row. Null when the label is not skipped. */
  readonly event: DataEvent | null;
  /** True when a workflow may wait for the label, and has to hear of it. */
  readonly waits: boolean;
}

/** Who skips, and why. */
export interface SkipBy {
  readonly actor: string;
  readonly reason: string;
}

/**
 * Decides that labels are not made from the inputs that they have now, complete or not, and forgets that they were held.
 * Whatever changes later makes them wait or run as always, and a person or a backfill may still ask for them. A label
 * that is done, or skipped already, is only forgotten. In the caller's transaction.
 */
export async function skipLabels(
  client: pg.PoolClient,
  configs: ConfigStore,
  targets: readonly Target[],
  by: SkipBy,
): Promise<readonly LabelSkip[]> {
  if (targets.length === 0) return [];
  const table = await configs.current(client);
  await lockTargets(client, targets);
  // Seen as events see it, for it is events that the skip has to hold against.
  const known = await readTargets(client, configs, table, targets, false);
  await dropHeldRuns(
    client,
    targets.map(({ stage, timelabel }) => ({ stage: stage.id, timelabel })),
  );
  const skips: LabelSkip[] = [];
  for (const target of known) skips.push(await skipLabel(client, table, target, by));
  return skips;
}

async function skipLabel(
  client: pg.PoolClient,
  table: RoutingTable,
  target: KnownTarget<Target>,
  by: SkipBy,
): Promise<LabelSkip> {
  const { stage, timelabel, inputs, state, configVersion } = target;
  const decision = decideSkip(stage, timelabel, inputs, state, state.readAt);
  const { revision } = decision;
  const label = { stage: stage.id, pipeline: stage.pipeline, timelabel, revision };
  if (decision.kind === 'left') {
    const before = decision.because === 'skipped' ? await eventOf(client, target) : null;
    return { ...label, left: decision.because, event: before, waits: before !== null };
  }
  const event = runEvent(
    { stage, timelabel, revision, temporalRunId: null, configVersion, project: table.project },
    bareReport('SKIPPED', state.readAt, {
      class: 'rejected',
      message: `${by.actor} skipped ${stage.id} ${timelabel}: ${by.reason}`,
      facts: {},
    }),
  );
  await writeSkip(client, target, decision, event);
  const key = { stage: stage.id, timelabel, revision };
  await appendNotes(client, [{ ...key, decision: 'skipped', ...by, configVersion }]);
  return { ...label, left: null, event, waits: decision.waits };
}

async function eventOf(client: pg.PoolClient, { stage, timelabel }: Target): Promise<DataEvent | null> {
  const latest = await latestRun(client, stage.id, timelabel);
  return dataEventIn(latest?.events ?? []) ?? null;
}

/** The row of a run that waits becomes that of the skip; any other label gets a row of its own, which opens as it ends. */
async function writeSkip(
  client: pg.PoolClient,
  { stage, timelabel, state, configVersion }: KnownTarget<Target>,
  { revision, vector, inputs, waits }: Extract<SkipDecision, { kind: 'skip' }>,
  event: DataEvent,
): Promise<void> {
  const written = await client.query({
    name: 'write-skip',
    text: `with moved as (
             update reefline.stage_run
                set revision = $3, status = 'SKIPPED', outcome = 'SKIPPED', vector = $4, config_version = $5, missing = null,
                    closed_at = clock_timestamp(), events = $6::jsonb
              where stage = $1 and timelabel = $2 and status = 'WAITING' and revision = $7
             returning 1),
           added as (
             insert into reefline.stage_run (stage, timelabel, revision, status, outcome, vector, config_version, events, pipeline, dataset,
                                             trigger, late_at, opened_at, closed_at)
             select $1, $2, $3, 'SKIPPED', 'SKIPPED', $4, $5, $6::jsonb, $8, $9, 'manual', case when $10 then at end, at, at
               from clock_timestamp() at where $7::int is null
             returning 1),
           taken as (
             insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
             select $1, $2, $3, i->>'dataset', i->>'timelabel', (i->>'revision')::int, i->>'eventId'
               from jsonb_array_elements($11::jsonb) i
             on conflict do nothing)
           select 1 from moved union all select 1 from added`,
    values: [
      stage.id,
      timelabel,
      revision,
      vector,
      configVersion,
      JSON.stringify([event]),
      waits ? (state.latest?.revision ?? null) : null,
      stage.pipeline,
      stage.output,
      wasLate(state),
      JSON.stringify(inputs),
    ],
  });
  // An apply that closes waiting runs does not take the labels' locks.
  if (written.rowCount !== 1)
    throw new Error(
      `A configuration was applied while ${stage.id} ${timelabel} was being skipped, and nothing was recorded: try again.`,
    );
}
