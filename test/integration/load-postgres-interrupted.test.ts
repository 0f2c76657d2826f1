import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { loadRows } from '../../connectors/postgres/load.ts';
import type { Column } from '../../pipeline/column.ts';
import { copyRow } from '../support/copy-rows.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';

const L8 = '20010105080000';
const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase('load_interrupted');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('an attempt', () => {
  const held = { columns: [ID, NOTE], count: 1 };
  const row = copyRow([ID.type, NOTE.type, { kind: 'text' }], [1n, 'a', L8]);

  /** A load that waits in the middle of its rows, and what lets it go on. */
  function waiting(table: string, signal?: AbortSignal) {
    const gate = Promise.withResolvers<undefined>();
    const reached = Promise.withResolvers<undefined>();
    const loading = loadRows(
      { connection: 'analytics', url: database.url, signal },
      {
        marker: { dataset: `analytics.mart.${table}`, timelabel: L8, revision: 1 },
        table: { schema: 'mart', table },
        mode: 'append',
        key: [],
        rows: {
          ...held,
          parts: [
            {
              format: 'binary',
              names: [ID.name, NOTE.name],
              read: async function* () {
                yield row.subarray(0, 5);
                reached.resolve(undefined);
                await gate.promise;
                yield row.subarray(5);
              },
            },
          ],
        },
      },
    );
    const outcome = loading.then(
      ({ rows }) => rows,
      (error: unknown) => error,
    );
    return {
      reached: reached.promise,
      open: () => {
        gate.resolve(undefined);
      },
      outcome,
    };
  }

  test('that is late and the one that took its place write the rows once', async () => {
    const late = waiting('late');
    await late.reached;
    const next = waiting('late');
    next.open();
    await eventually(async () => {
      const { rows } = await client.query(
        `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(rows).toHaveLength(1);
    });
    late.open();
    expect([await late.outcome, await next.outcome]).toEqual([1, 1]);
    const { rows } = await client.query('select id::int, note from mart.late');
    expect(rows).toEqual([{ id: 1, note: 'a' }]);
  });

  test('that dies or is cancelled in the middle leaves nothing behind, and the next one finds the way free', async () => {
    const dying = waiting('dying');
    await dying.reached;
    const backend = `select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy "mart"."dying"%' and datname = current_database()`;
    await eventually(async () => {
      expect((await client.query(backend)).rows).toHaveLength(1);
    });
    dying.open();
    expect(await dying.outcome).toMatchObject({ failureClass: 'unavailable' });
    const controller = new AbortController();
    const cancelled = waiting('dying', controller.signal);
    await cancelled.reached;
    controller.abort();
    cancelled.open();
    expect(await cancelled.outcome).toMatchObject({ failureClass: 'unavailable' });
    const left = await client.query(`select (select count(*) from mart.dying)::int as rows,
      (select count(*) from reefline.applied where dataset = 'analytics.mart.dying')::int as markers`);
    expect(left.rows).toEqual([{ rows: 0, markers: 0 }]);
    const next = waiting('dying');
    next.open();
    expect(await next.outcome).toBe(1);
  });
});
