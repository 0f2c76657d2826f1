import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { settleDeliveries } from '../../catalog/outbox.ts';
import { freshCatalog } from '../support/local-cloud.ts';

describe('what an endpoint is owed', () => {
  test('is marked by a look-up for each message also while statistics say that nobody is owed anything', async () => {
    const database = await freshCatalog('settle');
    const one = new pg.Pool({ connectionString: database.url, max: 1 });
    one.on('error', () => undefined);
    const writer = new pg.Client({ connectionString: database.url });
    writer.on('error', () => undefined);
    try {
      await writer.connect();
      await writer.query(
        `insert into reefline.config_version (applied_by, checksum, project) values ('test', 'c', '{}');
         insert into reefline.endpoint (name, definition, config_version) values ('customers', '{}', 1)`,
      );
      await writer.query('begin');
      await writer.query(
        `insert into reefline.delivery (endpoint, seq, event_id, dataset)
         select 'customers', n, 'owed/' || n, 'a.b.c' from generate_series(1, 3000) n`,
      );
      // What has not been committed does not count, but its pages do.
      await one.query('analyze reefline.delivery');
      await writer.query('commit');
      const sent = { eventId: 'owed/2', replay: null, messageId: 'm', error: null, retryIn: null };
      await settleDeliveries(one, 'customers', [sent], 60);
      const { rows } = await one.query<{ 'QUERY PLAN': string }>(
        `explain execute "settle-deliveries"('customers', '[]', 60, 1, 0, null, null)`,
      );
      expect(rows.map((row) => row['QUERY PLAN'].trim())).toContainEqual(
        expect.stringMatching(/Tid Scan on delivery d/),
      );
      const marked = await one.query<{ event_id: string }>(
        `select event_id from reefline.delivery where status = 'delivered'`,
      );
      expect(marked.rows).toEqual([{ event_id: 'owed/2' }]);
    } finally {
      await writer.end();
      await one.end();
      await database.drop();
    }
  });
});
