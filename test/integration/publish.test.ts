import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publishStage } from '../../activities/stages/publish.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import { eventually } from '../support/eventually.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const L8 = '20010105080000';
const L9 = '20010105090000';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await openTestWarehouse('publish');
  await warehouse.query('CREATE SCHEMA marts');
});
afterAll(() => warehouse.close());

interface Source {
  readonly columns: string;
  readonly rows?: PublishWork['rows'];
  readonly key?: string[];
}

/** A source table in the warehouse and a serving table of the same name. */
async function publication(name: string, { columns, rows = 'label', key = ['id'] }: Source) {
  const work: PublishWork = { kind: 'publish', from: `warehouse.marts.${name}`, key, rows };
  await warehouse.query(`CREATE TABLE marts."${name}" (${columns}, reefline_timelabel char(14))`);
  return {
    fill: (timelabel: string, values: string) =>
      warehouse.query(`DELETE FROM marts."${name}" WHERE reefline_timelabel = '${timelabel}';
        INSERT INTO marts."${name}" SELECT v.*, '${timelabel}' FROM (VALUES ${values}) AS v`),
    publish: (timelabel: string, revision = 1, signal?: AbortSignal) =>
      publishStage(
        runOf({ work, output: `serving.app.${name}`, timelabel, revision }),
        toolsOf(warehouse, signal === undefined ? {} : { signal }),
      ),
    served: (select = '*') => warehouse.query(`SELECT ${select} FROM app."${name}" ORDER BY 1`),
  };
}

describe('publishing', () => {
  test('creates the table, then updates by key and inserts what is new', async () => {
    const source = await publication('accounts', { columns: 'id int, name varchar(20)' });
    await source.fill(L8, "(1, 'a'), (2, 'b')");
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 2, bytes: null, uri: null });
    await source.fill(L9, "(2, 'B'), (3, 'c')");
    await expect(source.publish(L9)).resolves.toMatchObject({ rows: 2 });
    expect(await source.served()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'B' },
      { id: 3, name: 'c' },
    ]);
  });

  test('happens once per revision: a repeated and an older run change nothing and return the same figures', async () => {
    const source = await publication('once', { columns: 'id int, name varchar(20)' });
    await source.fill(L8, "(1, 'second')");
    await source.publish(L8, 2);
    await source.fill(L8, "(1, 'changed'), (2, 'changed')");
    for (const revision of [1, 2])
      await expect(source.publish(L8, revision)).resolves.toMatchObject({ rows: 1 });
    expect(await source.served('name')).toEqual([{ name: 'second' }]);
    await expect(source.publish(L8, 3)).resolves.toMatchObject({ rows: 2 });
    expect(await source.served('name')).toEqual([{ name: 'changed' }, { name: 'changed' }]);
  });

  test('of a whole table ignores a label older than the newest that was published', async () => {
    const source = await publication('whole', { columns: 'id int, name varchar(20)', rows: 'all' });
    await source.fill(L9, "(1, 'nine')");
    await source.publish(L9);
    await source.fill(L9, "(1, 'later')");
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 0 });
    expect(await source.served('name')).toEqual([{ name: 'nine' }]);
  });

  test('runs of the same label at once write it once', async () => {
    const source = await publication('at_once', { columns: 'id int, name varchar(20)' });
    await source.fill(L8, "(1, 'a')");
    const outputs = await Promise.all([source.publish(L8), source.publish(L8), source.publish(L8)]);
    expect(outputs.map((output) => output.rows)).toEqual([1, 1, 1]);
    expect(
      await warehouse.query("SELECT rows::int FROM reefline.applied WHERE dataset = 'serving.app.at_once'"),
    ).toEqual([{ rows: 1 }]);
  });

  test('a label without rows is a success with 0 rows', async () => {
    const source = await publication('empty', { columns: 'id int, name varchar(20)' });
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 0 });
    expect(await source.served()).toEqual([]);
  });

  test.each([
    ['a duplicate', "(1, 'a'), (1, 'b')", /Key \(id\) = \(1\) appears in 2 rows/],
    ['a missing', "(NULL::int, 'a')", /Key \(id\) = \(NULL\) is NULL/],
  ])('%s key is refused, named, and nothing is written', async (kind, values, message) => {
    const source = await publication(`key ${kind}`.replaceAll(' ', '_'), {
      columns: 'id int, name varchar(20)',
    });
    await source.fill(L8, values);
    const refused = source.publish(L8);
    await expect(refused).rejects.toMatchObject({ failureClass: 'data_error', facts: { key: 'id' } });
    await expect(refused).rejects.toThrow(message);
    await source.fill(L8, "(1, 'good')");
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 1 });
    expect(await source.served('name')).toEqual([{ name: 'good' }]);
  });

  test('values arrive exactly: decimals, large integers, floats, times, text with every special character', async () => {
    const source = await publication('exact', {
      columns:
        'id bigint, d numeric(38,10), ts timestamp, tz timestamptz, f float8, r real, b boolean, day date, t varchar(100), e varchar(10)',
    });
    await source.fill(
      L8,
      `(9223372036854775807, '1234567890123456789012345678.0123456789'::numeric, '2001-01-05 08:00:00.123456'::timestamp, '2001-01-05 08:00:00.654321+03'::timestamptz,
        0.1::float8, 0.1::real, true, '2001-01-05'::date, E'tab\\t newline\\n return\\r back\\\\slash \\\\N quote '' é', ''),
       (-9007199254740993, -0.0000000001, NULL, NULL, 'NaN'::float8, NULL, false, NULL, NULL, NULL)`,
    );
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 2 });
    const fields =
      "id::text, d::text, ts::text, (tz AT TIME ZONE 'UTC')::text AS tz, f::text, r::text, b, day::text, t, e";
    const original = await warehouse.query(`SELECT ${fields} FROM marts.exact ORDER BY 1`);
    expect(await source.served(fields)).toEqual(original);
    expect(original[1]).toMatchObject({
      id: '9223372036854775807',
      d: '1234567890123456789012345678.0123456789',
    });
  });

  test('more rows than one page of a result all arrive', async () => {
    const source = await publication('pages', { columns: 'id int, name varchar(300)' });
    await warehouse.query(
      `INSERT INTO marts.pages SELECT i, repeat('x', 300), '${L8}' FROM generate_series(1, 20000) AS i`,
    );
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 20_000 });
    expect(await warehouse.query('SELECT count(*)::int AS n, sum(id)::text AS sum FROM app.pages')).toEqual([
      { n: 20_000, sum: '200010000' },
    ]);
  });
});

test('a publish that is cancelled stops its statement, writes nothing and can be repeated', async () => {
  const source = await publication('cancelled', { columns: 'id int, name varchar(20)' });
  await source.publish(L9);
  await source.fill(L8, "(1, 'a')");
  await warehouse.query('BEGIN; LOCK TABLE app.cancelled IN SHARE ROW EXCLUSIVE MODE');
  const stop = new AbortController();
  const cancelled = source.publish(L8, 1, stop.signal);
  // pg_locks is read anew each time; within a transaction pg_stat_activity is not.
  const waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'app.cancelled'::regclass";
  await eventually(async () => {
    expect(await warehouse.query(waiting)).toHaveLength(1);
  });
  stop.abort();
  await expect(cancelled).rejects.toMatchObject({ failureClass: 'unavailable' });
  await eventually(async () => {
    expect(await warehouse.query(waiting)).toEqual([]);
  });
  await warehouse.query('COMMIT');
  expect(await source.served()).toEqual([]);
  await expect(source.publish(L8)).resolves.toMatchObject({ rows: 1 });
});

describe('a serving table that is already there', () => {
  test('without a unique index on the key is refused with the line that creates one, which works', async () => {
    const source = await publication('unindexed', { columns: 'id int, name varchar(20)' });
    await warehouse.query(
      'CREATE TABLE app.unindexed (id int, name text); CREATE UNIQUE INDEX ON app.unindexed (name, id)',
    );
    await source.fill(L8, "(1, 'a')");
    const refusal = await source.publish(L8).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ failureClass: 'invalid_config' });
    const cure = /CREATE UNIQUE INDEX [^;]+;/.exec((refusal as Error).message)?.[0];
    expect(cure).toBe('CREATE UNIQUE INDEX ON "app"."unindexed" ("id");');
    await warehouse.query(cure ?? '');
    await expect(source.publish(L8)).resolves.toMatchObject({ rows: 1 });
  });

  test('gets the columns that it lacks and keeps those that the source does not have', async () => {
    const source = await publication('widened', { columns: 'id int, name varchar(20), more numeric(5,1)' });
    await warehouse.query(
      "CREATE TABLE app.widened (id bigint PRIMARY KEY, name varchar(20), own text DEFAULT 'mine')",
    );
    await source.fill(L8, "(1, 'a', 1.5)");
    await source.publish(L8);
    expect(await source.served('id::int, name, own, more::text')).toEqual([
      { id: 1, name: 'a', own: 'mine', more: '1.5' },
    ]);
  });

  test('with a type that would round is refused with both types', async () => {
    const source = await publication('rounded', { columns: 'id int, price numeric(12,4)' });
    await warehouse.query('CREATE TABLE app.rounded (id int PRIMARY KEY, price numeric(12,2))');
    await source.fill(L8, '(1, 1.2345)');
    await expect(source.publish(L8)).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'price', from: 'numeric(12,2)', to: 'decimal(12,4)' },
    });
  });

  test.each([
    ['varchar(3)', 'ab ', 'abc  '],
    ['char(3)', 'ab ', 'ab'],
    ['char(3)', 'äöü', 'äöü '],
  ])(
    'with a %s takes %j, and refuses %j, which the server would change without an error',
    async (type, held, changed) => {
      const name = `length_${type.replaceAll(/\W/g, '')}_${String(changed.length)}`;
      const source = await publication(name, { columns: 'id int, name varchar(20)' });
      await warehouse.query(`CREATE TABLE app."${name}" (id int PRIMARY KEY, name ${type})`);
      await source.fill(L8, `(1, '${held}'), (2, NULL)`);
      await source.publish(L8);
      await source.fill(L9, `(3, '${changed}')`);
      const refusal = source.publish(L9);
      await expect(refusal).rejects.toMatchObject({
        failureClass: 'data_error',
        facts: { column: 'name', type },
      });
      await expect(refusal).rejects.toThrow(JSON.stringify(changed));
      expect(await source.served()).toEqual([
        { id: 1, name: held },
        { id: 2, name: null },
      ]);
    },
  );

  test('a source that is not there is named', async () => {
    const work: PublishWork = { kind: 'publish', from: 'warehouse.marts.nothing', key: ['id'], rows: 'all' };
    const run = publishStage(
      runOf({ work, output: 'serving.app.nothing', timelabel: L8 }),
      toolsOf(warehouse),
    );
    await expect(run).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(run).rejects.toThrow(/marts\.nothing/);
  });
});
