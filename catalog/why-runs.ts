import type pg from 'pg';
import type { ChangedInput, NoteFact, OriginFact, RunFact } from '../pipeline/explanation-facts.ts';

/** Newest revisions that are told one by one. */
const RUNS = 20;
/** Changed inputs that are read; a restated month changes many at once. */
const CHANGES = 200;
const NOTES = 200;
/** Steps that a chain of causes is followed. */
const STEPS = 20;

export interface RunsOfLabel {
  readonly runs: readonly RunFact[];
  readonly runCount: number;
}

type RunRow = Omit<RunFact, 'changed'> & { readonly runCount: number };

/** The newest revisions of a (stage, label), the oldest of them first, and what changed from one to the next. */
export async function readRunFacts(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<RunsOfLabel> {
  const found = await client.query<RunRow>({
    name: 'why-runs',
    text: `select * from (
             select r.revision, r.status, coalesce(r.outcome, ended.event->>'outcome') as outcome, r.trigger, r.backfill,
                    r.propagates, r.config_version as "configVersion", r.attempt, r.opened_at as "openedAt",
                    r.started_at as "startedAt", r.closed_at as "closedAt", r.deadline, r.late_at as "lateAt", r.caused_by as "causedBy",
                    (ended.event->>'rows')::float8 as rows, nullif(ended.event->'error', 'null') as error,
                    case when r.status in ('RUNNING', 'SUCCESS', 'FAILURE', 'SUPERSEDED') and r.outcome is distinct from 'MISSING'
                         then coalesce(r.missing, '[]') else '[]' end as without,
                    (select count(*)::int from reefline.run_input i
                      where i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision) as inputs,
                    (count(*) over ())::int as "runCount"
               from reefline.stage_run r
               left join lateral (select e as event from jsonb_array_elements(r.events) e
                                   where e->>'event_type' = 'data' limit 1) ended on true
              where r.stage = $1 and r.timelabel = $2 order by r.revision desc limit $3) newest
            order by revision`,
    values: [stage, timelabel, RUNS],
  });
  const changes = await readChangedInputs(client, stage, timelabel, found.rows[0]?.revision ?? 0);
  const runs = found.rows.map(({ runCount: _, ...run }) => ({
    ...run,
    changed: changes.get(run.revision) ?? [],
  }));
  return { runs, runCount: found.rows[0]?.runCount ?? 0 };
}

type ChangeRow = Omit<ChangedInput, 'origin'> & { readonly revision: number; readonly eventId: string };

/** What each revision took up otherwise than the one before, and what had set that in motion. */
async function readChangedInputs(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
  after: number,
): Promise<ReadonlyMap<number, readonly ChangedInput[]>> {
  const found = await client.query<ChangeRow>({
    name: 'why-changed-inputs',
    text: `with taken as (
             select revision, dataset, input_label, input_revision, event_id, min(revision) over () as first,
                    lag(input_revision) over (partition by dataset, input_label order by revision) as before
               from reefline.run_input where stage = $1 and timelabel = $2 and revision >= $3)
           select revision, dataset, input_label as timelabel, before as "from", input_revision as "to", event_id as "eventId"
             from taken where revision > first and before is distinct from input_revision
            order by revision, dataset, input_label limit $4`,
    values: [stage, timelabel, after, CHANGES],
  });
  const origins = await readOrigins(
    client,
    found.rows.map(({ eventId }) => eventId),
  );
  const changes = Map.groupBy(found.rows, ({ revision }) => revision);
  return new Map(
    [...changes].map(([revision, rows]) => [
      revision,
      rows.map(({ revision: _, eventId, ...change }) => ({
        ...change,
        origin: origins.get(eventId) ?? null,
      })),
    ]),
  );
}

type OriginRow = OriginFact & { readonly eventId: string; readonly decision: string | null };

/** Follows each event from run to event, along the newest cause of each run, to what no event started. */
async function readOrigins(
  client: pg.PoolClient,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, OriginFact>> {
  if (eventIds.length === 0) return new Map();
  const found = await client.query<OriginRow>({
    name: 'why-origins',
    text: `with recursive chain(start, event_id, steps) as (
             select id, id, 0 from unnest($1::text[]) id
             union all
             select c.start, n.event_id, c.steps + 1
               from chain c
               join reefline.data_event e on e.event_id = c.event_id
               join reefline.stage_run r on r.stage = e.stage and r.timelabel = e.timelabel and r.revision = e.revision
              cross join lateral (select d.event_id from reefline.data_event d
                where d.event_id = any(r.caused_by) order by d.seq desc limit 1) n
              where r.trigger = 'event' and c.steps < $2)
           select distinct on (c.start) c.start as "eventId", e.stage, e.dataset, e.timelabel, r.trigger, r.backfill,
                  n.actor, n.reason, n.decision
             from chain c
             join reefline.data_event e on e.event_id = c.event_id
             left join reefline.stage_run r on r.stage = e.stage and r.timelabel = e.timelabel and r.revision = e.revision
             left join lateral (select actor, reason, decision from reefline.run_note
                where stage = e.stage and timelabel = e.timelabel and revision = e.revision and actor is not null
                order by seq desc limit 1) n on true
            order by c.start, c.steps desc`,
    values: [[...new Set(eventIds)], STEPS],
  });
  return new Map(
    found.rows.map(({ eventId, decision, ...origin }) => [
      eventId,
      {
        ...origin,
        reason: decision === 'opened' || decision === 'waiting' ? ownWords(origin.reason) : origin.reason,
      },
    ]),
  );
}

/** The newest notes of a (stage, label), the oldest of them first. */
export async function readNoteFacts(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<readonly NoteFact[]> {
  const found = await client.query<NoteFact>({
    name: 'why-notes',
    text: `select revision, decision, reason, actor, "configVersion", "notedAt" from (
             select seq, revision, decision, reason, actor, config_version as "configVersion", noted_at as "notedAt"
               from reefline.run_note where stage = $1 and timelabel = $2 order by seq desc limit $3) newest
            order by seq`,
    values: [stage, timelabel, NOTES],
  });
  return found.rows;
}

/** What a person wrote, of a note that begins with what the ledger says: `manual, with all its inputs: late rows`. */
function ownWords(reason: string | null): string | null {
  if (reason === null) return null;
  const at = reason.indexOf(': ');
  return at < 0 ? null : reason.slice(at + 2);
}
