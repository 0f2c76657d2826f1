import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { openExtractSource, type ExtractSource } from '../support/extract-run.ts';

let source: ExtractSource;
beforeAll(async () => {
  source = await openExtractSource('extract-refused');
});
afterAll(() => source.close());

describe('An extract is refused', () => {
  test.each([
    ['numeric', 'numeric'],
    ['numeric(39,2)', 'numeric(39,2)'],
    ['int4[]', 'integer[]'],
    ['interval', 'interval'],
    ['time', 'time without time zone'],
    ['inet', 'inet'],
    ['int4range', 'int4range'],
    ['point', 'point'],
  ])(
    'for a column of type %s, which it names with a cure, before any row is read',
    async (type, declared) => {
      // Reading a row of the view would fail in another way.
      await source.query(`drop table if exists odd cascade; create table odd (id int4, strange ${type})`);
      await source.query('create or replace view reading as select 1 / 0 as boom, strange from odd');
      await source.query('insert into odd values (1, null)');
      const failure = await source.failureOf({ table: 'reading' });
      expect(failure.failureClass).toBe('data_error');
      expect(failure.message).toContain(`public.reading.strange (${declared})`);
      expect(failure.message).toContain('Leave it out with exclude in the stage');
    },
  );

  test.each([
    ['numeric(10,2)', 'NaN', 'NaN'],
    ['numeric(30,2)', 'NaN', 'NaN'],
    ['date', 'infinity', 'infinity'],
    ['date', '-infinity', '-infinity'],
    ['date', '0001-12-31 BC', 'before the year 1'],
    ['date', '10000-01-01', 'after the year 9999'],
    ['timestamp', 'infinity', 'infinity'],
    ['timestamptz', '-infinity', '-infinity'],
    ['timestamp', '0001-12-31 23:59:59.999999 BC', 'before the year 1'],
    ['timestamptz', '294276-12-31 23:59:59Z', 'after the year 9999'],
    ['timestamp', '10000-01-01', 'after the year 9999'],
  ])('for the %s %s, and names the column and the value', async (type, value, named) => {
    await source.query(`drop table if exists extreme; create table extreme (id int4, bad ${type})`);
    await source.query(`insert into extreme values (1, null), (2, '${value}')`);
    const failure = await source.failureOf({ table: 'extreme' });
    expect(failure.failureClass).toBe('data_error');
    expect(failure.message).toContain('shop.public.extreme.bad');
    expect(failure.message).toContain(named);
    const manifest = `s3://${source.bucket}/stage/shop/extreme/20010105080000/r1/manifest.json`;
    await expect(readManifest(source.s3, manifest)).rejects.toMatchObject({ failureClass: 'not_found' });
  });

  test('when the table, the schema or the cursor column is gone, and names it and the connection', async () => {
    await source.query('create table here (id int4)');
    const table = await source.failureOf({ table: 'dropped' });
    expect(table.failureClass).toBe('not_found');
    expect(table.message).toMatch(/public\.dropped in PostgreSQL "shop" at 127\.0\.0\.1:\d+/u);
    const schema = await source.failureOf({ table: 'here', work: { from: 'shop.nowhere.here' } });
    expect(schema).toMatchObject({ failureClass: 'not_found' });
    expect(schema.message).toContain('nowhere.here');
    const cursor = await source.failureOf({ table: 'here', cursor: 'updated_at' });
    expect(cursor.failureClass).toBe('not_found');
    expect(cursor.message).toContain('public.here in PostgreSQL "shop"');
    expect(cursor.message).toContain('"updated_at"');
  });

  test('when a column that the stage names is gone, and names it and those that there are', async () => {
    await source.query('create table renamed (id int4, name text)');
    for (const choice of [{ columns: ['id', 'title'] }, { exclude: ['title'] }]) {
      const failure = await source.failureOf({ table: 'renamed', work: choice });
      expect(failure.failureClass).toBe('not_found');
      expect(failure.message).toContain(
        `no column "title", which the stage names under ${Object.keys(choice).join()}`,
      );
      expect(failure.message).toContain('The columns are id, name.');
    }
  });

  test('when it would write, and when it takes longer than its time, with what helps', async () => {
    await source.query(`
      create table written (id int4);
      create function write_one() returns int4 language sql as 'insert into written values (1) returning id';
      create view writing as select write_one() as id;
      create view sleeping as select 1 as id from pg_sleep(20)`);
    const writing = await source.failureOf({ table: 'writing' });
    expect(writing.facts).toMatchObject({ code: '25006' });
    expect(await source.query('select * from written')).toMatchObject({ rowCount: 0 });
    const sleeping = await source.failureOf({ table: 'sleeping', timeoutSeconds: 1 });
    expect(sleeping.failureClass).toBe('timeout');
    expect(sleeping.message).toContain('Raise the timeout');
  });

  test('when the cursor is no time, and names column, type and cure', async () => {
    await source.query('create table numbered (id int8)');
    const failure = await source.failureOf({ table: 'numbered', cursor: 'id' });
    expect(failure.failureClass).toBe('invalid_config');
    expect(failure.message).toContain('public.numbered.id is of type bigint');
    expect(failure.message).toContain('timestamp with time zone');
  });

  test('when a column has a type that does not hold its old values; new, missing and wider columns are not refused', async () => {
    await source.query(
      'create table orders (id int8, total numeric(10,2), added text); insert into orders values (1, 2, null)',
    );
    const total = (precision: number, scale: number) => ({
      name: 'total',
      type: { kind: 'decimal' as const, precision, scale },
      nullable: true,
    });
    const removed = { name: 'removed', type: { kind: 'text' as const }, nullable: true };
    const failure = await source.failureOf({ table: 'orders', knownColumns: [total(10, 3)] });
    expect(failure.failureClass).toBe('data_error');
    expect(failure.message).toContain(
      'shop.public.orders.total was of type decimal(10,3) and is now decimal(10,2)',
    );
    const output = await source.extract({ table: 'orders', knownColumns: [total(8, 2), removed] });
    expect(output.columns?.map(({ name }) => name)).toEqual(['id', 'total', 'added']);
  });
});

describe('A connection that fails', () => {
  test('for its password is unauthorized, and no part of the failure shows the url', async () => {
    await source.query(`create role guarded login password 'right'`);
    const url = new URL(source.database.url);
    url.username = 'guarded';
    url.password = 'wr0ng-s3cret';
    try {
      const failure = await source.failureOf({ table: 'here' }, url.href);
      expect(failure).toMatchObject({ failureClass: 'unauthorized', facts: { code: '28P01' } });
      expect(failure.message).toContain('"shop" at 127.0.0.1:');
      expect(describeAll(failure)).not.toContain('wr0ng-s3cret');
    } finally {
      await source.query('drop role guarded');
    }
  });

  test('because nobody listens is unavailable at host and port, and does not show the password', async () => {
    const failure = await source.failureOf({ table: 'here' }, 'postgres://me:s3cret@127.0.0.1:1/shop');
    expect(failure.failureClass).toBe('unavailable');
    expect(failure.message).toContain('"shop" at 127.0.0.1:1');
    expect(describeAll(failure)).not.toContain('s3cret');
  });

  test.each(['postgres://me:s3cret@[bad/shop', 'me:s3cret@nowhere', 'postgres://me:s3cret@h:99999/shop'])(
    'because its url cannot be read is an invalid configuration and does not show it (%#)',
    async (url) => {
      const failure = await source.failureOf({ table: 'here' }, url);
      expect(failure.failureClass).toBe('invalid_config');
      expect(failure.message).toContain('"shop"');
      expect(describeAll(failure)).not.toContain('s3cret');
    },
  );
});

/** Everything that a log or a history could keep of a failure. */
function describeAll(failure: Error): string {
  const cause = failure.cause instanceof Error ? describeAll(failure.cause) : JSON.stringify(failure.cause);
  return [
    failure.message,
    failure.stack,
    JSON.stringify(failure),
    JSON.stringify(Object.entries(failure)),
    cause,
  ].join('\n');
}
