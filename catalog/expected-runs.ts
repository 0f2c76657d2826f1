import type pg from 'pg';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** Config versions are immutable, and so is what this computes of one. */
const sinceWhen = new WeakMap<RoutingTable, Promise<ReadonlyMap<string, number>>>();

/**
 * Since when the stages with a schedule or a deadline have been what they are: applied without interruption with the
 * same period, schedule and deadline. Milliseconds since the Unix epoch, by stage.
 */
export function readSinceWhen(db: pg.Pool, table: RoutingTable): Promise<ReadonlyMap<string, number>> {
  const known = sinceWhen.get(table);
  if (known !== undefined) return known;
  const reading = querySinceWhen(db, table.configVersion);
  sinceWhen.set(table, reading);
  reading.catch(() => sinceWhen.delete(table));
  return reading;
}

async function querySinceWhen(db: pg.Pool, configVersion: number): Promise<ReadonlyMap<string, number>> {
  const found = await db.query<{ id: string; since: Date }>({
    name: 'read-stages-since',
    text: `select s.id, first.applied_at as since
             from reefline.stage s
            cross join lateral (
              select v.applied_at from reefline.config_version v
               where v.version > coalesce((
                       select max(other.version) from reefline.config_version other
                         left join reefline.stage o
                           on o.config_version = other.version and o.id = s.id and o.period = s.period
                          and o.definition->'schedule' is not distinct from s.definition->'schedule'
                          and o.definition->'deadline' is not distinct from s.definition->'deadline'
                        where other.version < $1 and o.id is null), 0)
               order by v.version limit 1) first
            where s.config_version = $1 and (s.definition ? 'schedule' or s.definition ? 'deadline')`,
    values: [configVersion],
  });
  return new Map(found.rows.map(({ id, since }) => [id, since.getTime()]));
}

/** A label that must have a run. */
export interface ExpectedRun {
  readonly stage: StageDefinition;
  readonly timelabel: Timelabel;
}

/** Those of the labels of which the catalog knows nothing: no run, nothing held, and no event from anybody else. */
export async function withoutTrace(
  db: pg.Pool,
  expected: readonly ExpectedRun[],
): Promise<readonly ExpectedRun[]> {
  if (expected.length === 0) return [];
  const found = await db.query<{ position: number }>({
    name: 'labels-without-trace',
    text: `select w.position::int as position
             from unnest($1::text[], $2::text[], $3::text[]) with ordinality w(stage, timelabel, dataset, position)
            where not exists (select 1 from reefline.stage_run r where r.stage = w.stage and r.timelabel = w.timelabel)
              and not exists (select 1 from reefline.held_run h where h.stage = w.stage and h.timelabel = w.timelabel)
              and not exists (select 1 from reefline.data_event e
                               where e.dataset = w.dataset and e.timelabel = w.timelabel and e.event_type = 'data')`,
    values: [
      expected.map(({ stage }) => stage.id),
      expected.map(({ timelabel }) => timelabel),
      expected.map(({ stage }) => stage.output),
    ],
  });
  const missing = new Set(found.rows.map(({ position }) => position));
  return expected.filter((_, at) => missing.has(at + 1));
}
