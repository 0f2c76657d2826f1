import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnowflakeConnection } from '../pipeline/connection.ts';
import type { Dice } from './dice.ts';
import { objectOf } from './org.ts';

/** A pipeline of the random project: hours of one source table, down to a served summary of each day. */
export interface DrawnPipeline {
  readonly name: string;
  readonly source: 'postgres' | 'mysql';
  readonly load: 'append' | 'merge';
  /** Tables in Glue read no CSV with line breaks, so only what is staged as Parquet goes to Glue and Athena. */
  readonly format: 'parquet' | 'csv.zst';
}

/** What is said of the account; names are the local account's own. */
export const SNOWFLAKE: SnowflakeConnection = {
  kind: 'snowflake',
  account: 'chaos',
  user: 'reefline',
  privateKey: '${env:CHAOS_SNOWFLAKE_KEY}',
  database: 'chaos',
  warehouse: 'loading',
  role: 'reefline',
  storageIntegration: 'lake',
};

const SOURCES = ['postgres', 'mysql'] as const;
/** The database of the tables in MariaDB. */
export const MYSQL_DATABASE = 'chaos_source';

/** UTC milliseconds. */
export const FIRST_DAY = Date.UTC(2020, 2, 1);

/** Without MySQL, everything is drawn as with it and what would come from there comes from PostgreSQL. */
export function drawPipelines(dice: Dice, withMysql: boolean): readonly DrawnPipeline[] {
  return Array.from({ length: dice.between(1, 3) }, (_, at) => ({
    name: `p${String(at)}`,
    source: dice.pick(withMysql ? SOURCES : (['postgres', 'postgres'] as const)),
    load: dice.pick(['append', 'merge'] as const),
    // Without the first one, some projects would have nothing for Athena.
    format: at === 0 ? 'parquet' : dice.pick(['parquet', 'csv.zst'] as const),
  }));
}

/**
 * Writes the project as a user would have it. Schedules never tick by themselves: the days are long over. Every edition does
 * the same with the same data: other comments, concurrency and numbers of routers, and in odd ones a stage and an endpoint more, and a rate
 * that a burst exceeds.
 */
export async function writeProject(
  dir: string,
  pipelines: readonly DrawnPipeline[],
  edition: number,
): Promise<void> {
  await mkdir(join(dir, 'pipelines'), { recursive: true });
  await mkdir(join(dir, 'sql'), { recursive: true });
  const more = edition % 2 === 1;
  await writeFile(join(dir, 'reefline.yaml'), settingsOf(pipelines, edition, more));
  for (const pipeline of pipelines) {
    const { name } = pipeline;
    await writeFile(join(dir, 'pipelines', `${name}.yaml`), stagesOf(pipeline, edition, more));
    await writeFile(join(dir, 'sql', `${name}.sql`), summaryOf(name, edition));
    await writeFile(join(dir, 'sql', `${name}_in_athena.sql`), ofAthena(name));
    await writeFile(join(dir, 'sql', `${name}_in_snowflake.sql`), ofSnowflake(name));
    if (more) await writeFile(join(dir, 'sql', `${name}_notes.sql`), notesOf(name));
  }
  await writeFile(join(dir, 'pipelines', 'partners.yaml'), PARTNERS);
  await writeFile(join(dir, 'sql', 'rates.sql'), RATES);
}

function settingsOf(pipelines: readonly DrawnPipeline[], edition: number, more: boolean): string {
  const mysql = pipelines.some(({ source }) => source === 'mysql')
    ? "  till: { kind: mysql, url: '${env:CHAOS_MYSQL_URL}' }\n"
    : '';
  return `connections:
${mysql}  shop: { kind: postgres, url: '\${env:CHAOS_SOURCE_URL}', concurrency: ${String(2 + (edition % 3))} }
  lake: { kind: s3, bucket: chaos-lake, prefix: stage }
  catalog: { kind: glue }
  warehouse: { kind: redshift, workgroup: chaos, database: dev }
  lakehouse: { kind: athena, location: 's3://chaos-lake/tables', output: 's3://chaos-lake/results' }
  snow: ${JSON.stringify(SNOWFLAKE)}
  serving: { kind: postgres, url: '\${env:CHAOS_SERVING_URL}' }
  crm: { kind: salesforce, loginUrl: '\${env:CHAOS_CRM_URL}', clientId: chaos, username: mover@chaos.example, privateKey: '\${env:CHAOS_CRM_KEY}' }
endpoints:
  customers: { kind: sqs, queueUrl: '\${env:CHAOS_QUEUE_URL}' }
${more ? "  auditors: { kind: sqs, queueUrl: '${env:CHAOS_AUDIT_QUEUE_URL}' }\n" : ''}datasets:
  warehouse.partners.rates: { type: redshift, every: 1d }
${more ? 'signals: { maxEventsPerSecond: 40 }\n' : ''}`;
}

function stagesOf({ name, source, load, format }: DrawnPipeline, edition: number, more: boolean): string {
  const key = load === 'merge' ? ', key: [id]' : '';
  const others =
    format === 'parquet'
      ? `  - register: { register: lake.shop.${name}, to: catalog.shop.${name} }
  - in_athena: { transform: sql/${name}_in_athena.sql, to: lakehouse.marts.${name}, mode: append, every: 1d, deadline: { after: 12h, then: fail } }
  - copy: { load: lake.shop.${name}, to: snow.shop.${name}, mode: ${load}${key} }
  - in_snowflake: { transform: sql/${name}_in_snowflake.sql, to: snow.marts.${name}, mode: append, every: 1d, deadline: 12h }
`
      : '';
  const notes = more
    ? `  - notes: { transform: sql/${name}_notes.sql, to: warehouse.marts.${name}_notes, mode: append, every: 1d }\n`
    : '';
  return `pipeline: ${name}
routers: ${String(1 + (edition % 3))}
stages:
  - fetch:
      extract: ${source === 'mysql' ? `till.${MYSQL_DATABASE}` : 'shop.public'}.${name}
      to: lake.shop.${name}
      mode: incremental_append
      cursor: at
      format: ${format}
      schedule: { cron: '10 * * * *', from: 2020-03-01T00:00:00Z, until: 2020-04-01T00:00:00Z }
${others}  - load: { load: lake.shop.${name}, to: warehouse.analytics.${name}, mode: ${load}${key} }
  - summary: { transform: sql/${name}.sql, to: warehouse.marts.${name}, mode: append, every: 1d, deadline: { after: 12h, then: partial } }
  - publish: { publish: warehouse.marts.${name}, to: serving.public.${name}, key: [day] }
  - to_crm:
      publish: warehouse.marts.${name}
      to: crm.sobjects.${objectOf(name)}
      key: [day]
      fields: { day: Day__c, orders: Orders__c, amount: Amount__c }
      max_failed_rows: 1
${notes}`;
}

function summaryOf(name: string, edition: number): string {
  return `-- Edition ${String(edition)}
select cast(at as date) as day, count(*) as orders, sum(amount) as amount
  from analytics.${name}
 where at >= :interval_start and at < :interval_end
 group by 1
`;
}

/** `at` is a reserved word to the engine behind the local Athena. */
function ofAthena(name: string): string {
  return `select cast("at" as date) as day, count(*) as orders, sum(amount) as amount
  from shop.${name}
 where "at" >= :interval_start and "at" < :interval_end
 group by cast("at" as date)
`;
}

function ofSnowflake(name: string): string {
  return `select cast(at as date) as day, cast(count(*) as integer) as orders, cast(sum(amount) as integer) as amount
  from shop.${name}
 where at >= :interval_start and at < :interval_end
 group by 1
`;
}

function notesOf(name: string): string {
  return `select cast(at as date) as day, note, count(*) as orders
  from analytics.${name}
 where at >= :interval_start and at < :interval_end
 group by 1, 2
`;
}

/** What is made of the table that an outside service fills and reports. */
const PARTNERS = `pipeline: partners
stages:
  - rates: { transform: sql/rates.sql, to: warehouse.marts.rates, mode: append, every: 1d }
`;

const RATES = `select at, rate
  from partners.rates
 where at >= :interval_start and at < :interval_end
`;
