import type pg from 'pg';
import {
  comparePipeline,
  compareRates,
  type Compared,
  type Comparison,
  type Tables,
} from './compare-tables.ts';

/*
 * Reads the source, the warehouse, the serving tables and the catalog through SQL of its own, and compares. It imports
 * nothing that decides anything in Reefline, so that a mistake there cannot hide itself here.
 */

/** What must hold, and the sentences about where it does not. */
export interface Finding {
  readonly promise: string;
  readonly looked: number;
  readonly broken: readonly string[];
}

/** What there should be: `stages` by id with the length of their period, such as `1 hour`. */
export interface Expected {
  readonly pipelines: readonly Compared[];
  readonly stages: Readonly<Record<string, string>>;
  readonly days: number;
}

/** Checks all promises for the pipelines and the first `days` days of March 2020. */
export async function checkPromises(
  databases: Tables,
  { pipelines, stages, days }: Expected,
  isReceived: (eventId: string) => boolean,
): Promise<readonly Finding[]> {
  const tables = await Promise.all([
    ...pipelines.map((pipeline) => orBroken(pipeline.name, comparePipeline(databases, pipeline))),
    orBroken('rates', compareRates(databases)),
  ]);
  return [
    {
      promise: 'the warehouses, the serving tables and Salesforce hold what the source holds',
      looked: tables.reduce((sum, { looked }) => sum + looked, 0),
      broken: tables.flatMap(({ broken }) => broken),
    },
    await everyLabelSucceeded(databases.catalog, stages, days),
    await everyEventRouted(databases.catalog),
    await nothingOpen(databases.catalog),
    await nothingBeforeItsTime(databases.catalog),
    await everyEventDelivered(databases.catalog, isReceived),
  ];
}

/** A table that nobody made is a broken promise, and the others are looked at all the same. */
async function orBroken(name: string, comparing: Promise<Comparison>): Promise<Comparison> {
  try {
    return await comparing;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { looked: 0, broken: [`the tables of ${name} could not be compared: ${reason}`] };
  }
}

async function everyLabelSucceeded(
  catalog: pg.Pool,
  stages: Expected['stages'],
  days: number,
): Promise<Finding> {
  const { rows } = await catalog.query<{ stage: string; label: string; status: string | null }>(
    `with wanted as (
       select s.stage, to_char(t, 'YYYYMMDDHH24MI') || '00' as label
         from unnest($1::text[], $2::text[]) s(stage, period),
              generate_series(timestamp '2020-03-01', timestamp '2020-03-01' + make_interval(days => $3) - interval '1 second', s.period::interval) t)
     select w.stage, w.label, (select status from reefline.stage_run r where r.stage = w.stage and r.timelabel = w.label order by revision desc limit 1) as status
       from wanted w`,
    [Object.keys(stages), Object.values(stages), days],
  );
  return {
    promise: 'the newest revision of every label of every stage succeeded',
    looked: rows.length,
    broken: rows
      .filter(({ status }) => status !== 'SUCCESS')
      .map(({ stage, label, status }) => `${stage} ${label} is ${status ?? 'missing'}`),
  };
}

/** An event is routed by one version of the configuration: that of its verdicts, or any if all of them say the same. */
async function everyEventRouted(catalog: pg.Pool): Promise<Finding> {
  const { rows } = await catalog.query<{ event_id: string; stage: string; verdicts: number }>(
    `with always as (
       select dataset, stage from reefline.dependency group by 1, 2
       having count(*) = (select count(*) from reefline.config_version)),
     wanted as (
       select e.event_id, a.stage from reefline.data_event e join always a using (dataset) where e.event_type = 'data'
       union
       select e.event_id, d.stage from reefline.data_event e join reefline.verdict v using (event_id)
         join reefline.dependency d on d.dataset = e.dataset and d.config_version = v.config_version
       union
       select v.event_id, v.stage from reefline.verdict v)
     select w.event_id, w.stage,
            (select count(*)::int from reefline.verdict v where v.event_id = w.event_id and v.stage = w.stage) as verdicts
       from wanted w`,
  );
  return {
    promise: 'every event of the log has one verdict for each stage that depends on its dataset',
    looked: rows.length,
    broken: rows
      .filter(({ verdicts }) => verdicts !== 1)
      .map(({ event_id: id, stage, verdicts }) => `${id} has ${String(verdicts)} verdicts for ${stage}`),
  };
}

async function nothingOpen(catalog: pg.Pool): Promise<Finding> {
  const { rows } = await catalog.query<{ what: string }>(
    `select stage || ' ' || timelabel || ' r' || revision || ' is ' || status as what from reefline.stage_run where status in ('RUNNING', 'WAITING')
     union all
     select 'event ' || (e->>'eventId') || ' of ' || r.stage || ' never reached the log' from reefline.stage_run r, jsonb_array_elements(r.events) e
      where not exists (select 1 from reefline.data_event d where d.event_id = e->>'eventId')`,
  );
  const { rows: runs } = await catalog.query<{ count: number }>(
    'select count(*)::int as count from reefline.stage_run',
  );
  return {
    promise: 'no run is left open, and every event that a run made is in the log',
    looked: runs[0]?.count ?? 0,
    broken: rows.map(({ what }) => what),
  };
}

/** The deadlines of the project are longer than any run of the suite. */
async function nothingBeforeItsTime(catalog: pg.Pool): Promise<Finding> {
  const { rows } = await catalog.query<{ what: string; early: boolean }>(
    `select stage || ' ' || timelabel || ' r' || revision as what, outcome in ('PARTIAL', 'MISSING') or late_at is not null as early
       from reefline.stage_run where deadline is not null or outcome in ('PARTIAL', 'MISSING')`,
  );
  return {
    promise: 'no label is late, given up or made of a part before its deadline',
    looked: rows.length,
    broken: rows.filter(({ early }) => early).map(({ what }) => `${what} has passed its deadline`),
  };
}

async function everyEventDelivered(
  catalog: pg.Pool,
  isReceived: (eventId: string) => boolean,
): Promise<Finding> {
  const ids = await idsForCustomers(catalog);
  return {
    promise: "every event of the log but those of its own health is in the customers' queue",
    looked: ids.length,
    broken: ids.filter((id) => !isReceived(id)).map((id) => `${id} was not delivered`),
  };
}

/** What the customers are to get: the whole log, but no endpoint is told of its own health. */
export async function idsForCustomers(catalog: pg.Pool): Promise<readonly string[]> {
  const { rows } = await catalog.query<{ event_id: string }>(
    `select event_id from reefline.data_event where event_id not like 'endpoint/customers/%'`,
  );
  return rows.map(({ event_id: id }) => id);
}
