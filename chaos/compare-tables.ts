import type { AthenaClient } from '@aws-sdk/client-athena';
import type pg from 'pg';
import { athenaRows } from '../examples/every-system/read-warehouses.ts';

/** Where rows come from and where they are to be. */
export interface Tables {
  readonly source: pg.Pool;
  readonly warehouse: pg.Pool;
  readonly serving: pg.Pool;
  /** The database behind the Snowflake account. */
  readonly snowflake: pg.Pool;
  readonly athena: AthenaClient;
}

type Rows = ReadonlyMap<string, number>;

const ROW = `concat_ws('|', id, at, amount, coalesce(note, '<null>'))`;
const LABEL = `to_char(at, 'YYYYMMDDHH24') || '0000'`;
const DAY = `concat_ws('|', day, orders, amount)`;

/** What the source has under each label, and what each day comes to. */
async function readSource(source: pg.Pool, name: string): Promise<{ wanted: Rows; summary: Rows }> {
  return {
    wanted: await read(source, `select concat_ws('|', ${LABEL}, ${ROW}) as row from public.${name}`),
    summary: await read(
      source,
      `select ${DAY} as row from (select at::date as day, count(*) as orders, sum(amount) as amount from public.${name} group by 1) d`,
    ),
  };
}

/** The hours in Redshift, the summaries of the days there and in PostgreSQL, which serves them. */
export async function compareTables(
  { source, warehouse, serving }: Tables,
  name: string,
): Promise<{ looked: number; broken: string[] }> {
  const { wanted, summary } = await readSource(source, name);
  const loaded = await read(
    warehouse,
    `select concat_ws('|', reefline_timelabel, ${ROW}) as row from analytics.${name}`,
  );
  const summed = await read(warehouse, `select ${DAY} as row from marts.${name}`);
  const served = await read(serving, `select ${DAY} as row from public.${name}`);
  return {
    looked: wanted.size + 2 * summary.size,
    broken: [
      ...differences(`warehouse table analytics.${name}`, wanted, loaded),
      ...differences(`warehouse table marts.${name}`, summary, summed),
      ...differences(`serving table public.${name}`, summary, served),
    ],
  };
}

/** The same in Snowflake, which has loaded the hours too, and in Athena, which has read them through Glue. */
export async function compareOthers(
  { source, snowflake, athena }: Tables,
  name: string,
): Promise<{ looked: number; broken: string[] }> {
  const { wanted, summary } = await readSource(source, name);
  const loaded = await read(
    snowflake,
    `select concat_ws('|', reefline_timelabel, ${ROW}) as row from shop.${name}`,
  );
  const summed = await read(snowflake, `select ${DAY} as row from marts.${name}`);
  const listed = await athenaRows(
    athena,
    `select cast(day as varchar) || '|' || cast(orders as varchar) || '|' || cast(amount as varchar) as row from marts.${name}`,
    's3://chaos-lake/checks/',
  );
  return {
    looked: wanted.size + 2 * summary.size,
    broken: [
      ...differences(`Snowflake table shop.${name}`, wanted, loaded),
      ...differences(`Snowflake table marts.${name}`, summary, summed),
      ...differences(`Athena table marts.${name}`, summary, counted(listed.map(({ row }) => String(row)))),
    ],
  };
}

/** What an outside service has written in the warehouse itself, and what was made of it. */
export async function compareRates({ warehouse }: Tables): Promise<{ looked: number; broken: string[] }> {
  const row = `concat_ws('|', at, rate) as row`;
  const wanted = await read(warehouse, `select ${row} from partners.rates`);
  const made = await read(warehouse, `select ${row} from marts.rates`);
  return { looked: wanted.size, broken: differences('warehouse table marts.rates', wanted, made) };
}

/** How often each row is there. */
async function read(pool: pg.Pool, query: string): Promise<Rows> {
  const { rows } = await pool.query<{ row: string }>(query);
  return counted(rows.map(({ row }) => row));
}

function counted(rows: readonly string[]): Rows {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
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
