import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pg from 'pg';
import { forwardEvents, type Forwarded } from '../../../activities/forward-events.ts';
import { connectCatalog } from '../../../catalog/connect.ts';
import { migrateCatalog } from '../../../catalog/migrate.ts';
import type { EndpointDefinition } from '../../../pipeline/endpoint.ts';
import type { Sender } from '../../../pipeline/outgoing.ts';
import { currentWire } from '../faults/wire.ts';
import type { Scraps } from './scraps.ts';

/** Reefline's own catalog, on this machine, with events that endpoints are owed. */
export interface Outbox {
  /** Owes the endpoint these bodies; answers what forwards them, of which every statement is a step. */
  owe(
    endpoint: EndpointDefinition,
    sender: () => Sender,
    bodies: readonly string[],
  ): Promise<(attempt: number) => Promise<Forwarded>>;
}

export async function openOutbox(scraps: Scraps): Promise<Outbox> {
  const server = process.env['REEFLINE_CONTRACT_CATALOG_URL'];
  if (server === undefined) throw new Error('The set-up has started no catalog.');
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  scraps.remove('the connection to the catalog', () => admin.end());
  await admin.query(`create database ${scraps.prefix}`);
  scraps.remove('the catalog', () => admin.query(`drop database ${scraps.prefix} with (force)`));
  const url = new URL(server);
  url.pathname = `/${scraps.prefix}`;
  await migrateCatalog(url.href);
  const pool = connectCatalog(url.href, 8);
  scraps.remove('the pool of the catalog', () => pool.end());
  await pool.query(
    `insert into reefline.config_version (applied_by, checksum, project) values ('contract', 'c', '{}')`,
  );
  const db = onTheWire(pool);
  let events = 0;
  return {
    async owe(definition, sender, bodies) {
      const endpoint = definition.name;
      await pool.query(
        'insert into reefline.endpoint (name, definition, config_version) values ($1, $2, 1)',
        [endpoint, definition],
      );
      for (const body of bodies) {
        events += 1;
        const id = `${endpoint}-${String(events)}`;
        await pool.query(
          `with event as (insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
             values ($1, 'data', 'a.b.c', '20010101000000', $4::int, 'p', $2) returning event_id, dataset)
           insert into reefline.delivery (endpoint, seq, event_id, dataset) select $3, $4, event_id, dataset from event`,
          [id, body, endpoint, events],
        );
      }
      return async (attempt) => {
        // What the dead attempt had claimed is free again after a minute, and what failed is due after its pause.
        if (attempt > 1)
          await pool.query(
            `update reefline.delivery set claimed_until = null, next_attempt_at = clock_timestamp() where endpoint = $1`,
            [endpoint],
          );
        // A killed attempt fails, which is no news.
        const activity = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
        const forwarding = { db, sender, redact: (text: string) => text };
        return activity.run<[], Forwarded, () => Promise<Forwarded>>(() =>
          forwardEvents(forwarding, endpoint),
        );
      };
    },
  };
}

/** The same pool, whose statements are steps of the attempt: they can be lost on the way, or their answers. */
function onTheWire(pool: pg.Pool): pg.Pool {
  const send = pool.query.bind(pool) as unknown as (...args: readonly unknown[]) => Promise<unknown>;
  const query = async (...args: readonly unknown[]): Promise<unknown> => {
    const treatment = currentWire()?.treat('catalog', 'statement').kind;
    if (treatment === 'cut') throw new Error('Connection terminated unexpectedly');
    const result = await send(...args);
    if (treatment === 'lost') throw new Error('Connection terminated unexpectedly');
    return result;
  };
  return new Proxy(pool, {
    get: (target, name): unknown => (name === 'query' ? query : Reflect.get(target, name)),
  });
}
