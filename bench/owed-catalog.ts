import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { migrateCatalog } from '../catalog/migrate.ts';
import { createDatabase } from '../local/database.ts';

/** Datasets of the events. */
const DATASETS = 20;

/** A catalog of its own, of which the workers of the bench know nothing: a log of events that endpoints are owed. */
export class OwedCatalog {
  readonly url: string;
  readonly #db: pg.Client;

  private constructor(url: string, db: pg.Client) {
    this.url = url;
    this.#db = db;
  }

  /** Makes it on that server, with so many events of loads in its log. */
  static async open(postgresUrl: string, name: string, events: number): Promise<OwedCatalog> {
    const url = await createDatabase(postgresUrl, name);
    await migrateCatalog(url);
    const db = new pg.Client({ connectionString: url });
    await db.connect();
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('bench', 'c', '{}')`,
    );
    await db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
       select id, 'data', dataset, label, n, 'bench',
              jsonb_build_object('event_type', 'data', 'type', 'redshift', 'schema', 'analytics', 'table', 'orders', 'timelabel', label,
                'status', 'SUCCESS', 'startTime', at, 'updateTime', at, 'endTime', at, 'eventId', id, 'dataset', dataset, 'revision', n,
                'pipeline', 'bench', 'stage', 'bench.load_orders', 'runId', md5(id)::uuid, 'causedBy', jsonb_build_array('bench.fetch_' || id),
                'rows', n, 'bytes', n * 100, 'uri', null, 'error', null, 'configVersion', 1, 'outcome', 'SUCCESS')
         from generate_series(1, $1::int) n cross join lateral (
           select 'bench.load_orders/20010101000000/r' || n as id, 'warehouse.analytics.orders_' || n % $2 as dataset,
                  '20010101000000' as label, '2001-01-01 00:00:00:000 +00:00' as at) made`,
      [events, DATASETS],
    );
    return new OwedCatalog(url, db);
  }

  /** Owes the first endpoint so many events of the log, each other one as many of those that follow, and nobody anything else. */
  async owe(events: number, ...endpoints: readonly { name: string; queueUrl: string }[]): Promise<void> {
    await this.#db.query('truncate reefline.endpoint cascade');
    for (const [at, { name, queueUrl }] of endpoints.entries()) {
      await this.#db.query(
        'insert into reefline.endpoint (name, definition, config_version) values ($1, $2, 1)',
        [name, { name, kind: 'sqs', queueUrl }],
      );
      await this.#db.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset)
         select $1, seq, event_id, dataset from reefline.data_event order by seq limit $2 offset $3`,
        [name, events, at * events],
      );
    }
  }

  /** Reads the first messages of each endpoint by the indexes of a claim, so that they are in memory however much else is owed. */
  async warm(endpoints: readonly string[], messages: number): Promise<void> {
    for (const endpoint of endpoints) {
      await this.#db.query(
        `select sum(length(body::text)) from (
           select event_id from reefline.delivery where endpoint = $1 and status = 'owed' order by seq limit $2
         ) d cross join lateral (select body from reefline.data_event where event_id = d.event_id limit 1) e`,
        [endpoint, messages],
      );
    }
  }

  /** Blocks that were looked at in this catalog until now, in memory or not. Every other session must have ended: what it read counts then. */
  async blocksRead(): Promise<number> {
    while (await this.#inUse()) await setTimeout(50);
    await this.#db.query('select pg_stat_force_next_flush()');
    const { rows } = await this.#db.query<{ blocks: number }>(
      `select (blks_hit + blks_read)::float8 as blocks from pg_stat_database where datname = current_database()`,
    );
    return rows[0]?.blocks ?? Number.NaN;
  }

  async #inUse(): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      `select from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return rowCount !== 0;
  }

  async close(): Promise<void> {
    await this.#db.end();
  }
}
