import type pg from 'pg';
import type { EndpointHealth } from '../pipeline/endpoint-health.ts';
import { inTransaction } from './connect.ts';

/** Figures that describe what is in the catalog now, for gauges. Times in seconds. */
export interface StandingFigures {
  /** Null before the first apply. */
  readonly configVersion: number | null;
  /** Of each pipeline with runs that have not ended; `oldest` is null when none of them waits. */
  readonly open: readonly {
    readonly pipeline: string;
    readonly waiting: number;
    readonly running: number;
    readonly oldest: number | null;
  }[];
  readonly held: readonly { readonly pipeline: string; readonly cause: string; readonly count: number }[];
  /** Labels of unfinished backfills. */
  readonly backfills: readonly { readonly state: string; readonly count: number }[];
  /** Endpoints in force. `oldest` is null when nothing is owed. */
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly paused: boolean;
    readonly health: EndpointHealth;
    readonly owed: number;
    readonly dead: number;
    readonly oldest: number | null;
  }[];
  /** Inbound sources in force; null is what no worker has seen yet. */
  readonly inbound: readonly {
    readonly source: string;
    readonly failing: boolean;
    readonly lag: number | null;
    readonly sincePoll: number | null;
    readonly sinceEvent: number | null;
  }[];
}

/** Nothing may count a backlog of millions at every scrape. */
const COUNTED = 100_000;

/** Each part reads an index that holds only what has not ended, so the cost does not grow with history. */
const QUERY = `
  select (select max(version) from reefline.config_version) as "configVersion",
         (select coalesce(jsonb_agg(o), '[]') from (
           select pipeline, count(*) filter (where status = 'WAITING') as waiting, count(*) filter (where status = 'RUNNING') as running,
                  extract(epoch from clock_timestamp() - min(opened_at) filter (where status = 'WAITING'))::float8 as oldest
             from reefline.stage_run where status in ('WAITING', 'RUNNING') group by pipeline) o) as open,
         (select coalesce(jsonb_agg(h), '[]') from (
           select split_part(stage, '.', 1) as pipeline, cause, count(*) as count from reefline.held_run group by 1, 2) h) as held,
         (select coalesce(jsonb_agg(b), '[]') from (
           select i.state, count(*) as count from reefline.backfill b join reefline.backfill_item i on i.backfill = b.id
            where b.status in ('running', 'paused', 'cancelling') group by i.state) b) as backfills,
         (select coalesce(jsonb_agg(e), '[]') from (
           select e.name as endpoint, e.paused_at is not null as paused,
                  case when e.paused_at is not null then 'paused' else coalesce(h.health, 'healthy') end as health,
                  (select count(*) from (select 1 from reefline.delivery d where d.endpoint = e.name and d.status = 'owed' limit ${String(COUNTED)}) o) as owed,
                  (select count(*) from (select 1 from reefline.delivery d where d.endpoint = e.name and d.status = 'dead' limit ${String(COUNTED)}) o) as dead,
                  (select extract(epoch from clock_timestamp() - d.owed_at)::float8 from reefline.delivery d
                    where d.endpoint = e.name and d.status = 'owed' order by d.seq limit 1) as oldest
             from reefline.endpoint e left join reefline.endpoint_health h on h.endpoint = e.name where e.active) e) as endpoints,
         (select coalesce(jsonb_agg(i), '[]') from (
           select n.name #>> '{}' as source, s.error is not null as failing, s.lag_seconds as lag,
                  extract(epoch from clock_timestamp() - s.last_poll_at)::float8 as "sincePoll",
                  extract(epoch from clock_timestamp() - s.last_event_at)::float8 as "sinceEvent"
             from (select project from reefline.config_version order by version desc limit 1) v,
                  jsonb_path_query(v.project, '$.inbound[*].name') n(name)
             left join reefline.inbound_source s on s.name = n.name #>> '{}') i) as inbound`;

/** Reads them with one statement, which gives up by itself after `seconds`. */
export async function readStandingFigures(db: pg.Pool, seconds: number): Promise<StandingFigures> {
  return inTransaction(db, async (client) => {
    await client.query(`set local statement_timeout = '${String(seconds)}s'`);
    const found = await client.query<StandingFigures>({ name: 'standing-figures', text: QUERY });
    const [figures] = found.rows;
    if (figures === undefined) throw new Error('The catalog gave no figures.');
    return figures;
  });
}
