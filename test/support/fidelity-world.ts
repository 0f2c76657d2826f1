import pg from 'pg';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import { registerStage } from '../../activities/stages/register.ts';
import type { StageTools } from '../../activities/stages/runner.ts';
import { hiveType } from '../../connectors/glue/column-types.ts';
import { loadType } from '../../connectors/postgres/load-types.ts';
import { servingType } from '../../connectors/postgres/publish-types.ts';
import { redshiftType, storedColumn } from '../../connectors/redshift/column-types.ts';
import { snowflakeType } from '../../connectors/snowflake/column-types.ts';
import type { Column } from '../../pipeline/column.ts';
import type { Connection } from '../../pipeline/connection.ts';
import { openTestAthena } from './athena.ts';
import type { Destination, StagedTable } from './awkward-moves.ts';
import { freshDatabase } from './local-cloud.ts';
import { openTestSnowflake } from './snowflake.ts';
import { openTestWarehouse, runOf, toolsOf } from './warehouse.ts';

const LABEL = '20010105080000';

/** Every place that a staged table can go, each with an engine of its own behind it. */
export interface FidelityWorld {
  readonly destinations: readonly Destination[];
  /** Those that take staged CSV. */
  readonly csvDestinations: readonly Destination[];
  /** A database for the serving tables, and for a source in PostgreSQL. */
  readonly client: pg.Client;
  readonly url: string;
  /** Tools of stages whose source is the connection `shop`. */
  toolsWith(shop: Connection): StageTools;
  close(): Promise<void>;
}

export async function openFidelityWorld(label: string): Promise<FidelityWorld> {
  const warehouse = await openTestWarehouse(label);
  const athena = await openTestAthena(label);
  const snowflake = await openTestSnowflake(label.replaceAll('-', '_'));
  // The warehouse keeps its own markers in a table of the same name as those of the serving database.
  const database = await freshDatabase(`${label.replaceAll('-', '_')}_serving`);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("set time zone 'UTC'");
  const given = toolsOf(warehouse);
  const toolsWith = (shop: Connection): StageTools => ({
    ...given,
    connection: (name) => {
      if (name === 'shop') return shop;
      // Whoever reads the lake may read any bucket, but Snowflake only the one of its integration.
      if (name === 'lake') return { kind: 's3', bucket: snowflake.bucket };
      if (name === 'snowflake') return snowflake.connection;
      if (name === 'serving') return { kind: 'postgres', url: database.url };
      return name === 'catalog' ? { kind: 'glue' } : given.connection(name);
    },
  });
  const tools = toolsWith({ kind: 's3', bucket: snowflake.bucket });
  const list = ({ columns }: StagedTable): string =>
    columns.map(({ name }) => `"${name}"::text as "${name}"`).join(', ');
  const glue: Destination = {
    title: 'Glue, Athena',
    type: ({ type }) => hiveType(type),
    // Athena's timestamps of such tables have a precision of three digits.
    shows: ({ type }, text) => {
      const cut = text.replace(/(\.\d{3})\d+/, '$1').replace(/(\.\d*?)0+(?=$|[+-]\d\d$)/, '$1');
      return type.kind === 'timestamp' && /\.\d{4}/.test(text)
        ? { text: cut.replace(/\.(?=$|[+-])/, ''), as: 'to the millisecond' }
        : undefined;
    },
    async bring({ table, uri }) {
      const work = { kind: 'register', from: `lake.shop.${table}` } as const;
      await registerStage(
        runOf({ work, output: `catalog.${athena.raw}.${table}`, timelabel: LABEL, uri }),
        tools,
      );
    },
    async read({ table, columns }) {
      const names = columns.map(({ name }) => `"${name}"`).join(', ');
      const found = await athena.rows(`SELECT ${names} FROM ${athena.raw}.${table} ORDER BY id`);
      // Athena writes values in its own way: PostgreSQL reads them and writes them in its.
      const texts = columns.map((column, at) => `($1::text[])[${String(at + 1)}]${castOf(column)}::text`);
      const rows: (string | null)[][] = [];
      for (const row of found) {
        const values = row.map((value, at) => (columns[at]?.type.kind === 'binary' ? bytesOf(value) : value));
        const text = `select ${texts.join(', ')}`;
        rows.push(
          (await client.query<(string | null)[]>({ text, values: [values], rowMode: 'array' })).rows[0] ?? [],
        );
      }
      return rows;
    },
  };
  const load = async (connection: string, schema: string, { table, uri }: StagedTable): Promise<void> => {
    const work = { kind: 'load', from: `lake.shop.${table}`, mode: 'append', key: [] } as const;
    await loadStage(
      runOf({ work, output: `${connection}.${schema}.${table}`, timelabel: LABEL, uri }),
      tools,
    );
  };
  const loaded: Destination = {
    title: 'PostgreSQL',
    type: ({ type }) => loadType(type),
    bring: (staged) => load('serving', 'mart', staged),
    async read(staged) {
      const text = `select ${list(staged)} from mart.${staged.table} order by id`;
      return (await client.query<(string | null)[]>({ text, rowMode: 'array' })).rows;
    },
  };
  const snow: Destination = {
    title: 'Snowflake',
    type: ({ type }) => snowflakeType(type),
    bring: (staged) => load('snowflake', 'analytics', staged),
    async read({ table, columns }) {
      await snowflake.query("set time zone 'UTC'");
      // A FLOAT has 64 bits, whose shortest text is another one than that of 32.
      const texts = columns.map(
        ({ name, type }) => `"${name}"${type.kind === 'float32' ? '::real' : ''}::text as "${name}"`,
      );
      const rows = await snowflake.query(`select ${texts.join(', ')} from analytics.${table} order by id`);
      return rows.map((row) => Object.values(row) as (string | null)[]);
    },
  };
  const redshift: Destination = {
    title: 'Redshift',
    type: ({ type }) => redshiftType(type),
    bring: (staged) => load('warehouse', 'analytics', staged),
    async read(staged) {
      await warehouse.query("set time zone 'UTC'");
      const rows = await warehouse.query(`select ${list(staged)} from analytics.${staged.table} order by id`);
      return rows.map((row) => Object.values(row) as (string | null)[]);
    },
  };
  const served: Destination = {
    title: 'PostgreSQL, published from Redshift',
    type: (column) => servingType(storedColumn(column).type),
    async bring({ table }) {
      const work = {
        kind: 'publish',
        from: `warehouse.analytics.${table}`,
        key: ['id'],
        rows: 'all',
      } as const;
      await publishStage(runOf({ work, output: `serving.app.${table}`, timelabel: LABEL }), tools);
    },
    async read(staged) {
      const text = `select ${list(staged)} from app.${staged.table} order by id`;
      return (await client.query<(string | null)[]>({ text, rowMode: 'array' })).rows;
    },
  };
  return {
    // Behind one that refuses a value, only those that take it from there: a published table stands behind Redshift.
    destinations: [glue, loaded, snow, redshift, served],
    csvDestinations: [loaded, snow, redshift],
    client,
    url: database.url,
    toolsWith,
    async close() {
      await client.end();
      await database.drop();
      athena.close();
      await snowflake.close();
      await warehouse.close();
    },
  };
}

function castOf(column: Column): string {
  return `::${servingType(storedColumn(column).type)}`;
}

/** Athena writes bytes as `00 ff 0a`. */
function bytesOf(value: string | null): string | null {
  return value === null ? null : `\\x${value.replaceAll(' ', '')}`;
}
