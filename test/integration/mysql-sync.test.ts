import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MysqlSettings } from '../../connectors/mysql/connection.ts';
import { openSyncSource } from '../../connectors/mysql/open-sync-source.ts';
import type { SyncResult } from '../../pipeline/sync-report.ts';
import { eventually } from '../support/eventually.ts';
import {
  describeMysql,
  HAS_INVISIBLE_COLUMNS,
  MAKER,
  openMysqlSource,
  type MysqlSource,
} from '../support/mysql-source.ts';
import { openSyncShop, type SyncShop } from '../support/sync-shop.ts';

/** Names and values that break out of SQL that is put together carelessly. */
const EVIL = `x'); drop table orders; --`;

describeMysql('A historical sync of MySQL', () => {
  let source: MysqlSource;
  let shop: SyncShop;

  beforeAll(async () => {
    source = await openMysqlSource('mysql-sync');
    await source.query("set time_zone = '+00:00'", 'create table orders (id int)');
    const tables = ['kept', 'awkward', 'pairs', 'kinds', 'windows'].map((table) => ({ table }));
    shop = await openSyncShop(
      'mysql-sync',
      [
        ...tables,
        { table: 'snaps', extract: { mode: 'snapshot' } as const, load: { mode: 'replace' } as const },
      ],
      {
        connection: { kind: 'mysql', url: source.url, concurrency: 10 },
        schema: source.database,
        query: async (sql) => [...(await source.query(sql))],
        close: () => source.close(),
      },
    );
  });
  afterAll(() => shop.close());

  async function compare(table: string, more: object = {}): Promise<SyncResult> {
    const id = `${table}-${String(Math.random()).slice(2)}`;
    return shop.sync(id, { stage: `p.fetch_${table}`, kind: 'deletes', ...more });
  }

  // MySQL 5.7 cuts the text of `to_seconds`, and so the labels (`npm run test:servers -- mysql-5.7 sync`).
  test('makes all that is due, then keys where they are and were, then the labels that lost rows', async () => {
    await source.query(
      'create table kept (id bigint unsigned primary key, at timestamp(6) null)',
      `insert into kept values (1, '2020-03-01 00:10'), (2, '2020-03-01 01:59:59.999999'), (3, '2020-03-01 02:00'),
         (4, '2020-03-01 03:00'), (8, now() + interval 1 day), (9, null)`,
    );
    expect(await shop.sync('all', { stage: 'p.fetch_kept', kind: 'full' })).toMatchObject({
      ...{ labels: 4, first: '20200301000000', last: '20200301030000' },
    });
    expect(await shop.loaded('kept')).toEqual(['1 00h', '2 01h', '3 02h', '4 03h']);

    await source.query(
      'delete from kept where id in (1, 2)',
      "update kept set at = '2020-03-01 09:00' where id = 4",
    );
    const keyed = await shop.sync('keys', { stage: 'p.fetch_kept', kind: 'key_list', keys: ['2', 4, '99'] });
    expect(keyed).toMatchObject({ labels: 3, first: '20200301010000', last: '20200301090000' });
    expect(keyed.remarks.join(' ')).toContain('1 of 3 keys are at the source, in 1 due labels.');
    expect(await shop.loaded('kept')).toEqual(['1 00h', '3 02h', '4 09h']);

    await source.query("insert into kept values (5, '2020-03-01 02:30')");
    expect(await compare('kept')).toMatchObject({
      labels: 2,
      comparisons: [{ skipped: null, keysAtSource: 3, rowsInWarehouse: 3, lostDeletes: 1, lostInserts: 1 }],
    });
    expect(await shop.loaded('kept')).toEqual(['3 02h', '4 09h', '5 02h']);
    expect(await compare('kept')).toMatchObject({ labels: 0, comparisons: [{ differing: 0 }] });
  });

  test('of a time window makes the labels that have rows, with a cursor of each kind', async () => {
    await source.query(
      'create table windows (id int, at date)',
      "insert into windows values (1, '2020-02-29'), (2, '2020-03-01'), (3, '2020-03-03'), (4, '2020-03-05')",
    );
    const window = { kind: 'time_window', from: '2020-03-01', to: '2020-03-05' };
    expect(await shop.sync('dates', { stage: 'p.fetch_windows', ...window, dryRun: true })).toMatchObject({
      ...{ labels: 2, first: '20200301000000', last: '20200303000000' },
    });
    await source.query('alter table windows modify at datetime(3)');
    await source.query("update windows set at = '2020-03-04 23:59:59.999' where id = 4");
    expect(await shop.sync('times', { stage: 'p.fetch_windows', ...window, dryRun: true })).toMatchObject({
      ...{ labels: 3, first: '20200301000000', last: '20200304230000' },
    });
  });

  // Without the collation of the column in the condition MySQL 8 refuses these two (`npm run test:servers -- mysql-8.0 sync`).
  test('finds awkward texts in both databases by their letters, and runs none of them', async () => {
    const keys = [EVIL, 'it\'s "quoted" back\\slash', 'ünï\n😀 %_', '', 'de', 'tail '];
    await source.query(
      'create table awkward (id varchar(60) primary key, at datetime) character set utf8mb4 collate utf8mb4_general_ci',
    );
    for (const [at, key] of keys.entries())
      await source.query(
        `insert into awkward values (x'${Buffer.from(key).toString('hex')}', '2020-03-01 ${String(at % 2)}:30')`,
      );
    await shop.sync('awkward', { stage: 'p.fetch_awkward', kind: 'full' });
    // The collation takes them for `de` and for `tail `; the warehouse knows no such key.
    const others = ['DE', 'tail'];
    const near = await shop.sync('near', {
      ...{ stage: 'p.fetch_awkward', kind: 'key_list', keys: others, dryRun: true },
    });
    expect(near).toMatchObject({ labels: 0 });
    expect(near.remarks[0]).toContain('0 of 2 keys are at the source');
    const found = await shop.sync('found', {
      ...{ stage: 'p.fetch_awkward', kind: 'key_list', keys: [...keys, ...others], dryRun: true },
    });
    expect(found.remarks[0]).toContain(`${String(keys.length)} of ${String(keys.length + 2)} keys are at`);
    await source.query('delete from awkward');
    for (const [at, key] of keys.entries()) {
      const gone = { stage: 'p.fetch_awkward', kind: 'key_list', keys: [key], dryRun: true };
      const label = `202003010${String(at % 2)}0000`;
      expect(await shop.sync(`gone-${String(at)}`, gone)).toMatchObject({ labels: 1, first: label });
    }
    expect(await source.query('select count(*) as n from orders')).toEqual([{ n: 0 }]);
  });

  test('takes keys of several columns, and refuses what is no value of them', async () => {
    await source.query(
      'create table pairs (`Land` char(3) character set latin1, id decimal(10,2), at date, primary key (`Land`, id))',
      "insert into pairs values ('DE', 1, '2020-03-01'), ('DE', 2.5, '2020-03-02'), ('FR', 1, '2020-03-03')",
    );
    const run = (id: string, keys: readonly unknown[]): Promise<SyncResult> =>
      shop.sync(id, { stage: 'p.fetch_pairs', kind: 'key_list', keys, dryRun: true });
    const pairs = [
      ['DE', '2.50'],
      ['FR', 1],
      ['日本', 1],
    ];
    const found = await run('pairs', pairs);
    expect(found).toMatchObject({ labels: 2, first: '20200302000000', last: '20200303000000' });
    expect(found.remarks[0]).toContain('2 of 3 keys');
    await expect(run('wrong', [['DE', EVIL]])).rejects.toMatchObject({
      cause: {
        message: expect.stringMatching(
          /A key is no value of the key columns of \S+\.pairs, which are Land \(char\(3\)\), id \(decimal\(10,2\)\): \["DE","x/,
        ),
      },
    });
  });

  test('reads every kind of key alike in both databases', async () => {
    await source.query(
      `create table kinds (id int(8) unsigned zerofill, i2 smallint, big bigint unsigned, bits bit(64), amount decimal(12,4), day date,
         wall datetime(3), at timestamp(6) null, name varchar(9), code char(4), word enum('a','B'), span time(2), yes boolean,
         one bit(1), born year, ref ${MAKER === 'MariaDB' ? 'uuid' : 'char(36)'})`,
      `insert into kinds values
         (1, -7, 18446744073709551615, b'1000000000000000000000000000000000000000000000000000000000000000', 10.5, '2020-02-29',
          '2020-03-01 01:02:03.120', '2020-03-01 01:00:00.000001', ' a ', 'x', 'B', '-12:34:56.5', true, b'1', 1999,
          'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
         (2, 7, 0, 0, -0.0001, '1999-12-31', '2020-03-01 01:02:03', '2020-03-01 01:00', '', 'xx', 'a', '838:59:59', false, b'0',
          0, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'),
         (3, null, null, null, null, null, null, '2020-03-01 02:00', null, null, null, null, null, null, null, null)`,
    );
    await shop.sync('kinds', { stage: 'p.fetch_kinds', kind: 'full' });
    const columns = await source.query('show columns from kinds');
    const names = columns.map(({ Field }) => String(Field));
    expect(await compare('kinds', { keyColumns: names })).toMatchObject({
      labels: 0,
      comparisons: [{ keyColumns: names, skipped: null, keysAtSource: 3, differing: 0 }],
    });
    const named = {
      big: '18446744073709551615',
      amount: '-.00010',
      day: '2020-02-29',
      at: '2020-03-01T02:00+01:00',
    };
    for (const [name, key] of Object.entries(named)) {
      const input = {
        stage: 'p.fetch_kinds',
        kind: 'key_list',
        keys: [key],
        keyColumns: [name],
        dryRun: true,
      };
      const { remarks } = await shop.sync(`kinds-${name}`, input);
      expect(remarks[0]).toContain('1 of 1 keys');
    }
  });

  test('of a snapshot compares all keys with the table', async () => {
    await source.query('create table snaps (id int primary key)', 'insert into snaps values (1), (2)');
    expect(await shop.sync('snaps', { stage: 'p.fetch_snaps', kind: 'full' })).toMatchObject({ labels: 1 });
    await source.query('delete from snaps where id = 1', 'insert into snaps values (3)');
    expect(await compare('snaps')).toMatchObject({ comparisons: [{ lostDeletes: 1, lostInserts: 1 }] });
    expect((await shop.loaded('snaps')).map((row) => row.split(' ')[0])).toEqual(['2', '3']);
  });

  describe('in one look at a table', () => {
    const settings = (): MysqlSettings => ({ connection: 'shop', url: source.url });
    const tableOf = (table: string) => ({ schema: source.database, table });

    test('counts the rows of labels of unequal length, back to the first label that there is', async () => {
      await source.query(
        `create table ancient (at datetime(6), step int${HAS_INVISIBLE_COLUMNS ? ', nr int auto_increment invisible primary key' : ''})`,
        `insert into ancient (at) values ('1000-02-01'), ('1969-12-31 23:59:59.999999'), ('1970-01-01'), ('2020-03-28 22:59:59.9'),
           ('2020-03-28 23:00'), ('2020-03-29 21:59:59.999999'), ('2020-03-29 22:00'), ('2020-03-30 22:00')`,
      );
      // Days of Berlin, of which the second has 23 hours, behind some of other times.
      const starts = ['1000-02-01T00:00Z', '1970-01-01T00:00Z', '2020-03-28T23:00Z', '2020-03-29T22:00Z'].map(
        Date.parse,
      );
      const end = Date.parse('2020-03-30T22:00Z');
      await openSyncSource(settings(), tableOf('ancient'), async (opened) => {
        expect(await opened.countRows('at', starts, end)).toEqual([2, 2, 2, 1]);
        expect(await opened.countRows('at', [], end)).toEqual([]);
        expect(await opened.extent('at', { start: starts[0] ?? 0, end: starts[1] ?? 0 })).toEqual({
          first: starts[0],
          last: -1_000,
        });
        expect(await opened.extent('at', { start: end + 1, end: end + 2 })).toBeUndefined();
        expect(await opened.primaryKey()).toEqual([]);
        await expect(opened.extent('made_at', { start: 0, end })).rejects.toMatchObject({
          failureClass: 'not_found',
        });
      });
    });

    test('sees one state, whatever is written meanwhile', async () => {
      await source.query(
        'create table moving (b int, a int, primary key (b, a))',
        `insert into moving select seq % 7, seq from ${await source.numbers(25_000)}`,
      );
      await openSyncSource(settings(), tableOf('moving'), async (opened) => {
        await source.query('delete from moving where a > 10');
        expect(await opened.countAllRows()).toBe(25_000);
        expect(await opened.primaryKey()).toEqual(['b', 'a']);
        const seen = new Set<string>();
        for await (const page of opened.allKeys(opened.columns))
          for (const key of page) seen.add(key.join(' '));
        expect(seen.size).toBe(25_000);
      });
    });

    describe('that takes long', () => {
      const reader = `select id from information_schema.processlist where db = database() and user like 'reader%'`;
      const running = async (): Promise<unknown> => {
        const [row] = await source.query(
          `${reader} and command in ('Execute', 'Query') and info like '%slow%'`,
        );
        return row?.['id'];
      };
      const look = (signal?: AbortSignal): Promise<unknown> =>
        openSyncSource({ ...settings(), signal }, tableOf('slow'), async (opened) =>
          opened.extent('at', { start: 0, end: Date.now() }),
        ).catch((error: unknown) => error);

      beforeAll(async () => {
        await source.query(
          `create view slow as select seq as id, timestamp('2020-03-01') + interval seq second as at
             from ${await source.numbers(2)} where sleep(600) = 0`,
        );
      });

      test('ends its statement when it is cancelled', async () => {
        const cancelled = new AbortController();
        const outcome = look(cancelled.signal);
        await eventually(async () => {
          expect(await running()).toBeDefined();
        });
        cancelled.abort();
        expect(await outcome).toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
        await eventually(async () => {
          expect(await source.query(reader)).toEqual([]);
        });
      });

      test('is unavailable when the server ends the connection, and can be tried again', async () => {
        const outcome = look();
        await eventually(async () => {
          expect(await running()).toBeDefined();
        });
        await source.query(`kill ${String(await running())}`);
        expect(await outcome).toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
      });
    });
  });
});
