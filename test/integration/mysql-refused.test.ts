import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';

describeMysql('An extract from MySQL', () => {
  let source: MysqlSource;
  beforeAll(async () => {
    source = await openMysqlSource('mysql-refused');
  });
  afterAll(() => source.close());

  describe('is refused', () => {
    test.each([
      ['decimal(39,2)', 'decimal(39,2)'],
      ['decimal(65,30)', 'decimal(65,30)'],
      ['point', 'point'],
      ['geometry', 'geometry'],
    ])(
      'for a column of type %s, which it names with a cure, before any row is read',
      async (type, declared) => {
        await source.query('drop table if exists odd', `create table odd (id int, strange ${type})`);
        const failure = await source.failureOf({ table: 'odd' });
        expect(failure.failureClass).toBe('data_error');
        expect(failure.message).toContain(`${source.database}.odd.strange (${declared})`);
        expect(failure.message).toContain('Leave it out with exclude in the stage');
      },
    );

    test.each([
      ['date', "'0000-00-00'", '0000-00-00', 'zero_dates: as_null'],
      ['datetime(6)', "'0000-00-00 00:00:00'", '0000-00-00', 'zero_dates: as_null'],
      ['timestamp null', "'0000-00-00 00:00:00'", '0000-00-00', 'zero_dates: as_null'],
      ['date', "'2001-02-00'", '2001-02-00', 'real days'],
      ['datetime', "'2001-00-05 10:00:00'", '2001-00-05', 'real days'],
      ['date', "'2001-02-30'", '2001-02-30', 'real days'],
      ['date', "'1900-02-29'", '1900-02-29', 'real days'],
      ['date', "'0000-03-01'", '0000-03-01', 'the years 1 to 9999'],
      ['boolean', '2', 'the number 2', 'cast the column'],
      ['boolean', '-1', 'the number -1', 'cast the column'],
      ['varchar(9) character set cp1251', "_cp1251 x'98'", 'Unicode has not', 'cast the column'],
    ])('for the %s %s, and names the column, the value and a cure', async (type, value, named, cure) => {
      await source.query(
        'drop table if exists extreme',
        `create table extreme (id int, bad ${type})`,
        "set sql_mode = 'ALLOW_INVALID_DATES'",
        `insert into extreme values (1, null), (2, ${value})`,
      );
      const failure = await source.failureOf({ table: 'extreme' });
      expect(failure.failureClass).toBe('data_error');
      expect(failure.message).toContain(`shop.${source.database}.extreme.bad`);
      expect(failure.message).toContain(named);
      expect(failure.message).toContain(cure);
      expect(failure.facts).toMatchObject({ column: 'bad' });
      const manifest = `s3://${source.bucket}/stage/shop/extreme/20010105080000/r1/manifest.json`;
      await expect(readManifest(source.s3, manifest)).rejects.toMatchObject({ failureClass: 'not_found' });
    });

    test('when the table or the cursor column is gone, and names it and the connection', async () => {
      await source.query('create table here (id int)');
      const table = await source.failureOf({ table: 'dropped' });
      expect(table.failureClass).toBe('not_found');
      expect(table.message).toMatch(/\.dropped in MySQL "shop" at 127\.0\.0\.1:\d+/u);
      const cursor = await source.failureOf({ table: 'here', cursor: 'updated_at' });
      expect(cursor.failureClass).toBe('not_found');
      expect(cursor.message).toContain(`${source.database}.here in MySQL "shop"`);
      expect(cursor.message).toContain('"updated_at"');
    });

    test('when the database is none that the user may read', async () => {
      const failure = await source.failureOf({ table: 'user', work: { from: 'shop.mysql.user' } });
      expect(failure.failureClass).toBe('unauthorized');
      expect(failure.message).toContain('could not extract mysql.user');
      const absent = await source.failureOf({ table: 'here', work: { from: 'shop.nowhere.here' } });
      expect(absent.failureClass).toBe('unauthorized');
      expect(absent.message).toContain('nowhere.here');
    });

    test('when the cursor is no time, and names column, type and cure', async () => {
      await source.query('create table numbered (id bigint)');
      const failure = await source.failureOf({ table: 'numbered', cursor: 'id' });
      expect(failure.failureClass).toBe('invalid_config');
      expect(failure.message).toMatch(/\.numbered\.id is of type bigint/u);
      expect(failure.message).toContain('datetime, timestamp or date');
    });

    test('when a column has a type that does not hold its old values; new, missing and wider columns are not refused', async () => {
      await source.query(
        'create table orders (id bigint, total decimal(10,2), added text)',
        'insert into orders values (1, 2, null)',
      );
      const total = (precision: number, scale: number) => ({
        name: 'total',
        type: { kind: 'decimal' as const, precision, scale },
        nullable: true,
      });
      const removed = { name: 'removed', type: { kind: 'text' as const }, nullable: true };
      const failure = await source.failureOf({ table: 'orders', knownColumns: [total(10, 3)] });
      expect(failure.failureClass).toBe('data_error');
      expect(failure.message).toContain('.orders.total was of type decimal(10,3) and is now decimal(10,2)');
      const output = await source.extract({ table: 'orders', knownColumns: [total(8, 2), removed] });
      expect(output.columns?.map(({ name }) => name)).toEqual(['id', 'total', 'added']);
    });

    test('when a view is broken, and says so', async () => {
      await source.query(
        'create table base (id int)',
        'create view broken as select id from base',
        'drop table base',
      );
      expect((await source.failureOf({ table: 'broken' })).failureClass).toBe('invalid_config');
    });
  });

  describe('over a connection that fails', () => {
    test('for its password is unauthorized, and no part of the failure shows the url', async () => {
      const url = new URL(source.url);
      url.password = 'wr0ng-s3cret';
      const failure = await source.failureOf({ table: 'here' }, url.href);
      expect(failure).toMatchObject({ failureClass: 'unauthorized', facts: { errno: 1045 } });
      expect(failure.message).toContain('"shop" at 127.0.0.1:');
      expect(describeAll(failure)).not.toContain('wr0ng-s3cret');
    });

    test('because nobody listens is unavailable at host and port, and does not show the password', async () => {
      const failure = await source.failureOf({ table: 'here' }, 'mysql://me:s3cret@127.0.0.1:1/shop');
      expect(failure.failureClass).toBe('unavailable');
      expect(failure.message).toContain('"shop" at 127.0.0.1:1');
      expect(describeAll(failure)).not.toContain('s3cret');
    });

    test('because the server has no TLS and the url asks for it is an invalid configuration', async () => {
      const failure = await source.failureOf({ table: 'here' }, `${source.url}?ssl-mode=required`);
      expect(failure.failureClass).toBe('invalid_config');
      expect(failure.message).toContain('does not support secure connection');
    });

    test('because a statement takes longer than the stage may is a timeout', async () => {
      await source.query('create view endless as select sleep(600) as waited');
      const failure = await source.failureOf({ table: 'endless', timeoutSeconds: 1 });
      expect(failure.failureClass).toBe('timeout');
    });
  });
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
