import type pg from 'pg';
import type { TracedRun } from '../pipeline/happening.ts';
import type { Causes } from '../pipeline/trace-place.ts';

/** Causes of one run that are read. */
const MOST = 100;

/**
 * For a query about runs `r`: the events `e` that brought one about. None for what a schedule or a person asked for and no event
 * led to.
 */
export const CAUSES_OF_RUN = `from reefline.data_event e
                     where (r.trigger = 'event' or cardinality(r.caused_by) > 0)
                       and e.event_id = any(r.caused_by || array(
                             select i.event_id from reefline.run_input i
                              where i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision))`;

/**
 * For each run the events that brought it about, the newest first: those that led to it and those that it reads, because the last
 * one to come may be one that leads nowhere by itself. None for what a schedule or a person asked for and no event
 * led to. Undefined for a run that waits or that the ledger does not know.
 */
export async function readCauses(db: pg.Pool, runs: readonly TracedRun[]): Promise<readonly Causes[]> {
  const found = await db.query<{ position: number; causes: NonNullable<Causes> }>({
    name: 'read-causes-of-runs',
    text: `select w.position::int as position, array(
                    select jsonb_strip_nulls(jsonb_build_object('eventId', e.event_id, 'traceparent', e.body->>'traceparent',
                                                                 'tracestate', e.body->>'tracestate'))
                      ${CAUSES_OF_RUN}
                     order by e.seq desc limit ${String(MOST)}) as causes
             from unnest($1::text[], $2::text[], $3::int[]) with ordinality w(stage, timelabel, revision, position)
             join reefline.stage_run r using (stage, timelabel, revision)
            where r.status <> 'WAITING'`,
    values: [
      runs.map(({ stage }) => stage),
      runs.map(({ timelabel }) => timelabel),
      runs.map(({ revision }) => revision),
    ],
  });
  const causes: Causes[] = runs.map(() => undefined);
  for (const row of found.rows) causes[row.position - 1] = row.causes;
  return causes;
}

/** What tells this catalog from every other, also after it was moved: when it was made. */
export async function readCatalogBirth(db: pg.Pool): Promise<string> {
  const found = await db.query<{ birth: string }>(
    'select min(run_on)::text as birth from reefline.migration',
  );
  return found.rows[0]?.birth ?? '';
}
