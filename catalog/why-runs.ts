import type pg from 'pg';
import type { ChangedInput, NoteFact, RunFact } from '../pipeline/explanation-facts.ts';

/** Newest revisions that are told one by one. */
const RUNS = 20;
/** Changed inputs that are read; a restated month changes many at once. */
const CHANGES = 200;
const NOTES = 200;

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
                    case when r.outcome = 'PARTIAL' then coalesce(r.missing, '[]') else '[]' end as without,
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

/** What each revision after the given one took up otherwise than the one before, and who had made that. */
async function readChangedInputs(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
  after: number,
): Promise<ReadonlyMap<number, readonly ChangedInput[]>> {
  const found = await client.query<ChangedInput & { revision: number; decision: string | null }>({
    name: 'why-changed-inputs',
    text: `with taken as (
             select revision, dataset, input_label, input_revision, event_id,
                    lag(input_revision) over (partition by dataset, input_label order by revision) as before
               from reefline.run_input where stage = $1 and timelabel = $2 and revision >= $3)
           select t.revision, t.dataset, t.input_label as timelabel, t.before as "from", t.input_revision as "to",
                  e.stage, r.trigger, n.actor, n.reason, n.decision
             from taken t
             left join reefline.data_event e on e.event_id = t.event_id
             left join reefline.stage_run r on r.stage = e.stage and r.timelabel = e.timelabel and r.revision = e.revision
             left join lateral (select actor, reason, decision from reefline.run_note
                where stage = e.stage and timelabel = e.timelabel and revision = e.revision and actor is not null
                order by seq desc limit 1) n on true
            where t.revision > $3 and t.before is distinct from t.input_revision
            order by t.revision, t.dataset, t.input_label limit $4`,
    values: [stage, timelabel, after, CHANGES],
  });
  const changes = Map.groupBy(found.rows, ({ revision }) => revision);
  return new Map(
    [...changes].map(([revision, rows]) => [
      revision,
      rows.map(({ revision: _, decision, ...change }) => ({
        ...change,
        reason: decision === 'opened' || decision === 'waiting' ? ownWords(change.reason) : change.reason,
      })),
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
