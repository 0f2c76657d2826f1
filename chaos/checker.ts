import type pg from 'pg';

/*
 * Reads the source, the warehouse, the serving tables and the catalog through SQL of its own, and compares. It imports
 * nothing that decides anything in Reefline, so that a mistake there cannot hide itself here.
 */

export interface Databases {
  readonly source: pg.Pool;
  readonly warehouse: pg.Pool;
  readonly serving: pg.Pool;
  readonly catalog: pg.Pool;
}

/** What must hold, and the sentences about where it does not. */
export interface Finding {
  readonly promise: string;
  readonly looked: number;
  readonly broken: readonly string[];
}

/** What there should be: `stages` by id with the length of their period, such as `1 hour`. */
export interface Expected {
  readonly pipelines: readonly string[];
  readonly stages: Readonly<Record<string, string>>;
  readonly days: number;
}

/** Checks all promises for the pipelines and the first `days` days of March 2020. */
export async function checkPromises(
  databases: Databases,
  { pipelines, stages, days }: Expected,
  isReceived: (eventId: string) => boolean,
): Promise<readonly Finding[]> {
  const tables = await Promise.all([
    ...pipelines.map((name) => compareTables(databases, name)),
    compareRates(databases),
  ]);
  return [
    {
      promise: 'the warehouse and the serving tables hold what the source holds',
      looked: tables.reduce((sum, { looked }) => sum + looked, 0),
      broken: tables.flatMap(({ broken }) => broken),
    },
    await everyLabelSucceeded(databases.catalog, stages, days),
    await everyEventRouted(databases.catalog),
    await nothingOpen(databases.catalog),
    await everyEventDelivered(databases.catalog, isReceived),
  ];
}

type Rows = ReadonlyMap<string, number>;

async function compareTables(
  { source, warehouse, serving }: Databases,
  name: string,
): Promise<{ looked: number; broken: string[] }> {
  const row = `concat_ws('|', id, at, amount, coalesce(note, '<null>'))`;
  const label = `to_char(at, 'YYYYMMDDHH24') || '0000'`;
  const day = `concat_ws('|', day, orders, amount)`;
  const [wanted, loaded] = [
    await read(source, `select concat_ws('|', ${label}, ${row}) as row from public.${name}`),
    await read(warehouse, `select concat_ws('|', reefline_timelabel, ${row}) as row from analytics.${name}`),
  ];
  const summary = await read(
    source,
    `select ${day} as row from (select at::date as day, count(*) as orders, sum(amount) as amount from public.${name} group by 1) d`,
  );
  const summed = await read(warehouse, `select ${day} as row from marts.${name}`);
  const served = await read(serving, `select ${day} as row from public.${name}`);
  return {
    looked: wanted.size + 2 * summary.size,
    broken: [
      ...differences(`warehouse table analytics.${name}`, wanted, loaded),
      ...differences(`warehouse table marts.${name}`, summary, summed),
      ...differences(`serving table public.${name}`, summary, served),
    ],
  };
}

/** What an outside service has written in the warehouse itself, and what was made of it. */
async function compareRates({ warehouse }: Databases): Promise<{ looked: number; broken: string[] }> {
  const row = `concat_ws('|', at, rate) as row`;
  const wanted = await read(warehouse, `select ${row} from partners.rates`);
  const made = await read(warehouse, `select ${row} from marts.rates`);
  return { looked: wanted.size, broken: differences('warehouse table marts.rates', wanted, made) };
}

/** How often each row is there. */
async function read(pool: pg.Pool, query: string): Promise<Rows> {
  const found = await pool.query<{ row: string }>(query);
  const rows = new Map<string, number>();
  for (const { row } of found.rows) rows.set(row, (rows.get(row) ?? 0) + 1);
  return rows;
}

/** A sentence for each row that one side has more often than the other. */
export function differences(where: string, wanted: Rows, found: Rows): string[] {
  const rows = new Set([...wanted.keys(), ...found.keys()]);
  return [...rows].flatMap((row) => {
    const [should, is] = [wanted.get(row) ?? 0, found.get(row) ?? 0];
    return should === is
      ? []
      : [`${where} has the row ${row} ${String(is)} times, and the source ${String(should)} times`];
  });
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

async function everyEventDelivered(
  catalog: pg.Pool,
  isReceived: (eventId: string) => boolean,
): Promise<Finding> {
  const { rows } = await catalog.query<{ event_id: string }>('select event_id from reefline.data_event');
  return {
    promise: "every event of the log is in the customers' queue",
    looked: rows.length,
    broken: rows
      .filter(({ event_id: id }) => !isReceived(id))
      .map(({ event_id: id }) => `${id} was not delivered`),
  };
}
