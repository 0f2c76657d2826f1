import type { AthenaClient } from '@aws-sdk/client-athena';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type pg from 'pg';
import { athenaRows } from '../examples/every-system/read-warehouses.ts';
import { compareOrg, type DayLine, type OrgTables } from './compare-org.ts';

/** Where rows come from and where they are to be. */
export interface Tables extends OrgTables {
  readonly source: pg.Pool;
  /** Undefined where there is no MariaDB. */
  readonly mysql: Pool | undefined;
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
interface Wanted {
  readonly rows: Rows;
  readonly days: Rows;
}

/** A pipeline, and where its rows come from. */
export interface Compared {
  readonly name: string;
  readonly source: 'postgres' | 'mysql';
  readonly format: string;
}

/** How many rows were looked at, and the sentences about those that differ. */
export interface Comparison {
  readonly looked: number;
  readonly broken: readonly string[];
}

/** One pipeline: the hours and days in Redshift and the days in PostgreSQL, which serves them, and in Salesforce; of Parquet also what Snowflake and Athena made. */
export async function comparePipeline(
  tables: Tables,
  { name, source, format }: Compared,
): Promise<Comparison> {
  const { warehouse, serving, snowflake } = tables;
  const wanted = await (source === 'mysql' ? wantedOfMysql : wantedOfPostgres)(tables, name);
  const served = await read(serving, `select ${DAY} as row from public.${name}`);
  const broken = [
    ...(await differencesOf(warehouse, 'warehouse', `analytics.${name}`, `marts.${name}`, wanted)),
    ...differences(`serving table public.${name}`, wanted.days, served),
  ];
  broken.push(...(await compareOrg(tables, name, [...wanted.days.keys()].map(dayOf))));
  const looked = wanted.rows.size + 3 * wanted.days.size;
  if (format !== 'parquet') return { looked, broken };
  broken.push(
    ...(await differencesOf(snowflake, 'Snowflake', `shop.${name}`, `marts.${name}`, wanted)),
    ...differences(`Athena table marts.${name}`, wanted.days, await daysInAthena(tables, name)),
  );
  return { looked: 2 * looked, broken };
}

/** `2020-03-01|480|-1200`, as the queries write it. */
function dayOf(line: string): DayLine {
  const [day = '', orders, amount] = line.split('|');
  return { day, orders: Number(orders), amount: Number(amount) };
}

async function wantedOfPostgres({ source }: Tables, name: string): Promise<Wanted> {
  return {
    rows: await read(source, `select concat_ws('|', ${LABEL}, ${ROW}) as row from public.${name}`),
    days: await read(
      source,
      `select ${DAY} as row from (select at::date as day, count(*) as orders, sum(amount) as amount from public.${name} group by 1) d`,
    ),
  };
}

/** The same lines, as PostgreSQL writes them: a time without the zeros at the end of its fraction. */
async function wantedOfMysql({ mysql }: Tables, name: string): Promise<Wanted> {
  if (mysql === undefined) throw new Error(`There is no MariaDB with the rows of ${name}.`);
  const lines = async (query: string): Promise<Rows> => {
    const [found] = await mysql.query<(RowDataPacket & { readonly line: string })[]>(query);
    return counted(found.map(({ line }) => line));
  };
  const at = `trim(trailing '.' from trim(trailing '0' from date_format(at, '%Y-%m-%d %H:%i:%s.%f')))`;
  const row = `concat_ws('|', id, ${at}, amount, coalesce(note, '<null>'))`;
  return {
    rows: await lines(`select concat_ws('|', date_format(at, '%Y%m%d%H0000'), ${row}) as line from ${name}`),
    days: await lines(
      `select ${DAY} as line from (select date(at) as day, count(*) as orders, sum(amount) as amount from ${name} group by 1) d`,
    ),
  };
}

async function differencesOf(
  pool: pg.Pool,
  warehouse: string,
  hours: string,
  days: string,
  wanted: Wanted,
): Promise<string[]> {
  const loaded = await read(pool, `select concat_ws('|', reefline_timelabel, ${ROW}) as row from ${hours}`);
  const summed = await read(pool, `select ${DAY} as row from ${days}`);
  return [
    ...differences(`${warehouse} table ${hours}`, wanted.rows, loaded),
    ...differences(`${warehouse} table ${days}`, wanted.days, summed),
  ];
}

async function daysInAthena({ athena }: Tables, name: string): Promise<Rows> {
  const listed = await athenaRows(
    athena,
    `select cast(day as varchar) || '|' || cast(orders as varchar) || '|' || cast(amount as varchar) as row from marts.${name}`,
    's3://chaos-lake/checks/',
  );
  return counted(listed.map(({ row }) => String(row)));
}

/** What an outside service has written in the warehouse itself, and what was made of it. */
export async function compareRates({ warehouse }: Tables): Promise<Comparison> {
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
