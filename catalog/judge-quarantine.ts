import type pg from 'pg';
import { dataEventIn, type DataEvent } from '../pipeline/data-event.ts';
import { runEventId } from '../pipeline/ids.ts';
import { statusOf } from '../pipeline/outcome.ts';
import { bareReport, runEvent } from '../pipeline/run-event.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { readTime } from './clock.ts';
import type { ConfigStore } from './config-store.ts';
import { lockLabels } from './locks.ts';
import { latestRun, type LatestRun } from './run-ledger.ts';
import { appendNotes } from './run-notes.ts';

export interface Judgement {
  /** The blocking check whose quarantine is judged. */
  readonly check: StageDefinition;
  readonly timelabel: Timelabel;
  readonly verdict: 'RELEASED' | 'REJECTED';
  readonly actor: string;
  readonly reason: string;
}

export type Judged =
  | { readonly kind: 'judged'; readonly event: DataEvent }
  /** The newest run of the check did not quarantine the label; null when it never ran. */
  | { readonly kind: 'not quarantined'; readonly latest: LatestRun | null };

/**
 * Records what a person decided about a quarantined label, as the next revision of the check, made of the same inputs:
 * newer data is checked anew. The same judgement again returns the event of the first. In the caller's transaction.
 */
export async function judgeQuarantine(
  client: pg.PoolClient,
  configs: ConfigStore,
  { check, timelabel, verdict, actor, reason }: Judgement,
): Promise<Judged> {
  const table = await configs.current(client);
  await lockLabels(client, [{ dataset: check.output, timelabel }]);
  const latest = await latestRun(client, check.id, timelabel);
  const before = dataEventIn(latest?.events ?? []);
  if (latest?.outcome === verdict && before !== undefined) return { kind: 'judged', event: before };
  // A person may think better of a rejection, but what was released has been used.
  const open = latest?.outcome === 'QUARANTINED' || latest?.outcome === 'REJECTED';
  if (latest === undefined || !open) return { kind: 'not quarantined', latest: latest ?? null };
  const revision = await nextRevision(client, check, timelabel);
  const { configVersion, project } = table;
  const message = `${actor} rejected ${check.output} ${timelabel}: ${reason}`;
  const event = runEvent(
    { stage: check, project, timelabel, revision, temporalRunId: null, configVersion },
    {
      ...bareReport(
        verdict,
        await readTime(client),
        verdict === 'RELEASED' ? null : { class: 'data_error', message, facts: { by: actor } },
      ),
      causedBy: [runEventId(check.id, timelabel, latest.revision)],
    },
  );
  await client.query({
    name: 'judge-quarantine',
    text: `with judged as (
             insert into reefline.stage_run (stage, timelabel, revision, status, outcome, pipeline, dataset, config_version, trigger, vector,
                                             caused_by, closed_at, events)
             select stage, timelabel, $4, $5, $6, pipeline, dataset, $7, 'manual', vector, $8, clock_timestamp(), $9::jsonb
               from reefline.stage_run where stage = $1 and timelabel = $2 and revision = $3)
           insert into reefline.run_input (stage, timelabel, revision, dataset, input_label, input_revision, event_id)
           select stage, timelabel, $4, dataset, input_label, input_revision, event_id
             from reefline.run_input where stage = $1 and timelabel = $2 and revision = $3`,
    values: [
      check.id,
      timelabel,
      latest.revision,
      revision,
      statusOf(verdict),
      verdict,
      configVersion,
      event.causedBy,
      JSON.stringify([event]),
    ],
  });
  const decision = verdict === 'RELEASED' ? 'released' : 'rejected';
  await appendNotes(client, [
    { stage: check.id, timelabel, revision, decision, reason, actor, configVersion },
  ]);
  return { kind: 'judged', event };
}

async function nextRevision(
  client: pg.PoolClient,
  check: StageDefinition,
  timelabel: Timelabel,
): Promise<number> {
  const found = await client.query<{ next: number }>({
    name: 'next-revision',
    text: `select 1 + greatest(
             (select coalesce(max(revision), 0) from reefline.stage_run where stage = $1 and timelabel = $3),
             (select coalesce(max(revision), 0) from reefline.data_event
               where dataset = $2 and timelabel = $3 and event_type = 'data')) as next`,
    values: [check.id, check.output, timelabel],
  });
  return found.rows[0]?.next ?? 1;
}
