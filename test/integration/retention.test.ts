import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { purgeStep } from '../../catalog/retention.ts';
import { freshCatalog, type FreshDatabase } from '../support/local-cloud.ts';

describe('removing old events', () => {
  let database: FreshDatabase;
  let db: pg.Pool;

  beforeAll(async () => {
    database = await freshCatalog('retention');
    db = new pg.Pool({ connectionString: database.url, max: 2 });
    // The database may be dropped before a connection that is ending has said goodbye.
    db.on('error', () => undefined);
    await db.query(
      `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}');
       insert into reefline.endpoint (name, definition, config_version) values ('customers', '{}', 1);`,
    );
  });

  afterAll(async () => {
    await db.end();
    await database.drop();
  });

  test('keeps what is owed, and every event that something is decided by, however often it is done', async () => {
    const year = 365 * 86_400;
    const purge = async (): Promise<void> => {
      while (await purgeStep(db, year));
    };
    const logged = async (): Promise<string[]> =>
      (
        await db.query<{ id: string }>(
          `select event_id as id from reefline.data_event where dataset = 'a.b.kept' order by event_id`,
        )
      ).rows.map(({ id }) => id);
    // Of one label: failures, successes, one that nobody heard of, schema changes; and one that is young.
    await db.query(
      `insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, propagates, router, body, received_at)
       select id, kind, 'a.b.kept', '20010101000000', revision, outcome, outcome, heard, 'p', '{}',
              clock_timestamp() - make_interval(days => days)
         from (values ('1 failure', 'data', 1, 'FAILURE', true, 500), ('2 failure', 'data', 2, 'FAILURE', true, 500),
                      ('3 success', 'data', 3, 'SUCCESS', true, 500), ('4 success', 'data', 4, 'SUCCESS', true, 500),
                      ('5 unheard', 'data', 5, 'SUCCESS', false, 500), ('6 owed', 'metadata', 5, null, true, 500),
                      ('7 sent', 'metadata', 5, null, true, 500), ('8 sent lately', 'metadata', 5, null, true, 500),
                      ('9 young', 'metadata', 5, null, true, 10)) r(id, kind, revision, outcome, heard, days);
       insert into reefline.delivery (endpoint, seq, event_id, dataset, status, delivered_at)
       select 'customers', seq, event_id, dataset, case event_id when '6 owed' then 'owed' else 'delivered' end,
              case event_id when '6 owed' then null when '8 sent lately' then clock_timestamp() else clock_timestamp() - interval '499 days' end
         from reefline.data_event where dataset = 'a.b.kept';
       insert into reefline.verdict (event_id, stage, timelabel, verdict, reason, config_version)
       select event_id, 'p.day', '20010101000000', 'started', 'r', 1 from reefline.data_event where dataset = 'a.b.kept';
       insert into reefline.rejected_event (fingerprint, router, field, reason, raw, last_received_at)
       values ('old', 'p', '', '', '', clock_timestamp() - interval '500 days'), ('new', 'p', '', '', '', clock_timestamp());`,
    );
    const all = await logged();
    await purge();
    // What the sweep has never compared with the log stays.
    expect(await logged()).toEqual(all);
    await db.query(
      `insert into reefline.sweep_mark (kind, mark) values ('unreported-event', clock_timestamp()::text)`,
    );
    const kept = ['2 failure', '4 success', '5 unheard', '6 owed', '8 sent lately', '9 young'];
    for (let round = 0; round < 2; round += 1) {
      await purge();
      expect(await logged()).toEqual(kept);
    }
    const left = await db.query<{ deliveries: string[]; verdicts: string[]; rejected: string[] }>(
      `select (select array_agg(event_id order by event_id) from reefline.delivery) as deliveries,
              (select array_agg(event_id order by event_id) from reefline.verdict) as verdicts,
              (select array_agg(fingerprint) from reefline.rejected_event) as rejected`,
    );
    expect(left.rows).toEqual([
      { deliveries: ['6 owed', '8 sent lately', '9 young'], verdicts: ['9 young'], rejected: ['new'] },
    ]);
  });
});
