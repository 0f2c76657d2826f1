import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteTableCommand } from '@aws-sdk/client-glue';
import pg from 'pg';
import { publishStage } from '../../activities/stages/publish.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import type { PublishWork, TransformWork } from '../../pipeline/stage.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import { freshDatabase } from '../support/local-cloud.ts';
import { runOf, toolsOf } from '../support/warehouse.ts';

const L8 = '20010105080000';
const L9 = '20010105090000';
const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: true });
const COLUMNS: readonly Column[] = [
  column('id', { kind: 'int64' }),
  column('d', { kind: 'decimal', precision: 38, scale: 10 }),
  column('t', { kind: 'text' }),
  column('f', { kind: 'float64' }),
  column('b', { kind: 'boolean' }),
  column('day', { kind: 'date' }),
  column('seen', { kind: 'timestamp', zoned: false }),
  column('bin', { kind: 'binary' }),
];
const SELECT = `SELECT id::BIGINT AS id, d::DECIMAL(38,10) AS d, t, f::DOUBLE AS f, b, day::DATE AS day, seen::TIMESTAMP AS seen, bin::BLOB AS bin FROM`;

let athena: TestAthena;
let serving: Awaited<ReturnType<typeof freshDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  athena = await openTestAthena('athena-publish');
  serving = await freshDatabase('athena_publish');
  client = new pg.Client({ connectionString: serving.url });
  await client.connect();
  await athena.register(
    'accounts',
    COLUMNS,
    L8,
    `${SELECT} (VALUES
      (9223372036854775807, '1234567890123456789012345678.0123456789', '', 'NaN', true, '2001-01-05', '2001-01-05 08:00:00.123', '\\x00\\xFF'),
      (-1, NULL, NULL, '-Infinity', NULL, NULL, NULL, NULL),
      (2, '-0.0000000001', 'tab\t quote '' "double" \\N é 🐚', '1e-300', false, '1969-12-31', '1969-12-31 23:59:59', '')) v(id, d, t, f, b, day, seen, bin)`,
  );
  await athena.register(
    'accounts',
    COLUMNS,
    L9,
    `${SELECT} (SELECT i AS id, 0 AS d, 'row ' || i AS t, 0 AS f, true AS b, NULL AS day, NULL AS seen, NULL AS bin FROM range(100, 2600) r(i))`,
  );
});
afterAll(async () => {
  athena.close();
  await client.end();
  await serving.drop();
});

function tools() {
  return toolsOf({
    connections: { ...athena.connections, serving: { kind: 'postgres', url: serving.url } },
  });
}

function publish(timelabel: string, options: Partial<PublishWork> = {}) {
  const from = `athena.${athena.raw}.accounts`;
  const work: PublishWork = { kind: 'publish', from, key: ['id'], rows: 'label', ...options };
  return publishStage(runOf({ work, output: 'serving.app.accounts', timelabel }), tools());
}

describe('publishing a table in Athena', () => {
  test('carries the values of a label exactly, an empty text apart from NULL', async () => {
    await expect(publish(L8)).resolves.toMatchObject({ rows: 3, columns: COLUMNS });
    const { rows } = await client.query(
      'SELECT id::text, d::text, t, f::text, b, day::text, seen::text, bin::text FROM app.accounts ORDER BY accounts.id',
    );
    expect(rows).toEqual([
      { id: '-1', d: null, t: null, f: '-Infinity', b: null, day: null, seen: null, bin: null },
      {
        id: '2',
        d: '-0.0000000001',
        t: `tab\t quote ' "double" \\N é 🐚`,
        f: '1e-300',
        b: false,
        day: '1969-12-31',
        seen: '1969-12-31 23:59:59',
        bin: '\\x',
      },
      {
        id: '9223372036854775807',
        d: '1234567890123456789012345678.0123456789',
        t: '',
        f: 'NaN',
        b: true,
        day: '2001-01-05',
        seen: '2001-01-05 08:00:00.123',
        bin: '\\x00ff',
      },
    ]);
  });

  test('reads a result of several pages, each row once, and all labels when the table is replaced', async () => {
    await expect(publish(L9, { mode: 'replace' })).resolves.toMatchObject({ rows: 2503 });
    const { rows } = await client.query(
      'SELECT count(*)::int AS n, sum(id)::text AS sum FROM app.accounts WHERE id BETWEEN 100 AND 2599',
    );
    expect(rows).toEqual([{ n: 2500, sum: String(((100 + 2599) * 2500) / 2) }]);
  });

  test('follows a transform there, and names a table that is not there', async () => {
    const sql = `SELECT id, t FROM ${athena.raw}.accounts WHERE timelabel = :timelabel AND id < 10`;
    const transform: TransformWork = { kind: 'transform', sql, file: 'sql/a.sql', mode: 'append', key: [] };
    await transformStage(
      runOf({ work: transform, output: `athena.${athena.marts}.few`, timelabel: L8 }),
      tools(),
    );
    const work: PublishWork = {
      kind: 'publish',
      from: `athena.${athena.marts}.few`,
      key: ['id'],
      rows: 'label',
    };
    const run = runOf({ work, output: 'serving.app.few', timelabel: L8 });
    await expect(publishStage(run, tools())).resolves.toMatchObject({ rows: 2 });
    await athena.glue.send(new DeleteTableCommand({ DatabaseName: athena.marts, Name: 'few' }));
    const again = publishStage({ ...run, revision: 2 }, tools());
    await expect(again).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(again).rejects.toThrow(new RegExp(`${athena.marts}\\.few`));
  });
});
