import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { migrateCatalog } from '../../catalog/migrate.ts';
import { claimDeliveries, nextDue, settleDeliveries } from '../../catalog/outbox.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';

describe('the time at which an endpoint is next owed something', () => {
  let database: FreshDatabase;
  let db: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase('outbox');
    await migrateCatalog(database.url);
    db = new pg.Pool({ connectionString: database.url, max: 2 });
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}');
       insert into reefline.endpoint (name, definition, config_version) values ('customers', '{}', 1);
       insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, router, body)
         values ('e1', 'data', 'a.b.c', '20010101000000', 1, 'p', '{}');`,
    );
  });

  beforeEach(async () => {
    await db.query(`delete from reefline.delivery`);
  });

  afterAll(async () => {
    await db.end();
    await database.drop();
  });

  const owe = (): Promise<unknown> =>
    db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset) values ('customers', 1, 'e1', 'a.b.c')`,
    );
  const settle = (error: string | null, retryIn: number | null): Promise<void> =>
    settleDeliveries(db, 'customers', [{ eventId: 'e1', messageId: null, error, retryIn }]);

  test('is none while nothing is owed, or a publisher would call without end', async () => {
    expect(await nextDue(db, 'customers')).toBeNull();
    await owe();
    await settle(null, null);
    expect(await nextDue(db, 'customers')).toBeNull();
  });

  test('is now for what is owed, and later for what was tried in vain or is claimed', async () => {
    await owe();
    expect(await nextDue(db, 'customers')).toBe(0);
    expect(await claimDeliveries(db, 'customers', 10, 60)).toHaveLength(1);
    expect(await nextDue(db, 'customers')).toBeGreaterThan(30);
    await settle('the queue is away', 1000);
    expect(await nextDue(db, 'customers')).toBeGreaterThan(900);
  });
});
