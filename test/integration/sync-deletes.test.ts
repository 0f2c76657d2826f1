import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncResult } from '../../pipeline/sync-report.ts';
import { openSyncShop, type SyncShop } from '../support/sync-shop.ts';

let shop: SyncShop;
beforeAll(async () => {
  shop = await openSyncShop('sync-deletes', [
    ...['appended', 'wide', 'fresh', 'kinds'].map((table) => ({ table })),
    { table: 'merged', load: { mode: 'merge', key: ['id'] } },
    { table: 'daily', daily: true },
    { table: 'newest', load: { mode: 'replace' } },
    { table: 'snaps', extract: { mode: 'snapshot' }, load: { mode: 'merge', key: ['id'] } },
  ]);
});
afterAll(() => shop.close());

/** Five rows, one an hour from 01:00 on. */
async function fill(table: string): Promise<void> {
  await shop.source(`create table ${table} (id int8 primary key, at timestamptz);
    insert into ${table} select n, '2020-03-01Z'::timestamptz + n * interval '1 hour' from generate_series(1, 5) n`);
}

async function compare(table: string, more: object = {}): Promise<SyncResult> {
  const id = `${table}-${String(Math.random()).slice(2)}`;
  return shop.sync(id, { stage: `p.fetch_${table}`, kind: 'deletes', ...more });
}

describe('a comparison of keys', () => {
  test('syncs exactly the labels that lost deletes or inserts, and then finds nothing more', async () => {
    await fill('appended');
    await shop.sync('appended', { stage: 'p.fetch_appended', kind: 'full' });
    await shop.source(`delete from appended where id in (2, 4); insert into appended values (6, '2020-03-01 02:30Z'),
      (7, '2020-03-01 08:00Z')`);
    const result = await compare('appended', { from: '2020-03-01', to: '2020-03-01T08:00Z' });
    expect(result).toMatchObject({
      labels: 2,
      comparisons: [
        {
          ...{
            dataset: 'warehouse.analytics.appended',
            keyColumns: ['id'],
            skipped: null,
            labelsCompared: 5,
          },
          ...{ keysAtSource: 4, rowsInWarehouse: 5, lostDeletes: 2, lostInserts: 1, differing: 2 },
          differences: [
            { timelabel: '20200301020000', lostDeletes: 1, lostInserts: 1, mended: true },
            { timelabel: '20200301040000', lostDeletes: 1, lostInserts: 0, mended: true },
          ],
        },
      ],
    });
    expect(await shop.loaded('appended')).toEqual(['1 01h', '3 03h', '5 05h', '6 02h']);
    expect(await compare('appended')).toMatchObject({ labels: 1, comparisons: [{ lostInserts: 1 }] });
    expect(await compare('appended')).toMatchObject({
      labels: 0,
      backfill: null,
      comparisons: [{ differing: 0 }],
    });
    expect(await shop.loaded('appended')).toEqual(['1 01h', '3 03h', '5 05h', '6 02h', '7 08h']);
  });

  test('removes deleted rows from a table that is merged, and leaves keys alone that a newer label has brought', async () => {
    await fill('merged');
    await shop.source('alter table merged drop constraint merged_pkey');
    await shop.source(`insert into merged values (1, '2020-03-01 06:00Z')`);
    await shop.sync('merged', { stage: 'p.fetch_merged', kind: 'full' });
    expect(await shop.loaded('merged')).toEqual(['1 06h', '2 02h', '3 03h', '4 04h', '5 05h']);
    expect(await compare('merged')).toMatchObject({ labels: 0, comparisons: [{ lostInserts: 0 }] });
    // 1 is back to what it was at 01:00; 3 moved back from 03:00 to 00:00; 5 is gone.
    await shop.source(`delete from merged where at = '2020-03-01 06:00Z' or id = 5;
      update merged set at = '2020-03-01 00:00Z' where id = 3`);
    const first = await compare('merged');
    expect(first.comparisons[0]?.remarks.join(' ')).toContain(
      '2 keys of older labels are in analytics.merged under newer',
    );
    await compare('merged');
    expect(await shop.loaded('merged')).toEqual(['1 01h', '2 02h', '3 00h', '4 04h']);
    expect(await compare('merged')).toMatchObject({ labels: 0 });
  });

  test('says of a merged snapshot which rows no sync removes, and how to', async () => {
    await fill('snaps');
    await shop.backfill('snaps', '2020-03-01T00:00Z', '2020-03-01T01:00Z');
    await shop.source('delete from snaps where id < 4; insert into snaps values (9, now())');
    const { comparisons, labels } = await compare('snaps');
    expect(labels).toBe(1);
    const [unmended] = comparisons[0]?.differences.filter(({ mended }) => !mended) ?? [];
    expect(unmended).toMatchObject({
      timelabel: '20200301000000',
      lostDeletes: 3,
      cure: expect.stringContaining(
        `delete from analytics.snaps where reefline_timelabel = '20200301000000'`,
      ),
    });
    expect(unmended?.keys.toSorted()).toEqual(['1', '2', '3']);
    expect((await shop.loaded('snaps')).map((row) => row.split(' ')[0])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '9',
    ]);
    const again = await shop.reefline('sync', 'create', 'p.fetch_snaps', '--find-deletes', '--dry-run');
    expect(again.stdout).toMatch(
      /20200301000000: 3 lost deletes, which this sync does not remove: \d, \d, \d\n/,
    );
    expect(again.stdout).toContain('There is nothing to do');
  });

  test('with a coarser load makes all the labels that one of its labels holds', async () => {
    await fill('daily');
    await shop.backfill('daily', '2020-03-01', '2020-03-02');
    expect(await shop.loaded('daily')).toHaveLength(5);
    await shop.source('delete from daily where id = 3');
    expect(await compare('daily')).toMatchObject({
      labels: 24,
      comparisons: [{ labelsCompared: 1, lostDeletes: 1 }],
    });
    expect(await shop.loaded('daily')).toEqual(['1 00h', '2 00h', '4 00h', '5 00h']);
  });

  test('of a table that is replaced looks at the newest label alone', async () => {
    await fill('newest');
    await shop.sync('newest', { stage: 'p.fetch_newest', kind: 'full' });
    await shop.source('delete from newest where id in (1, 5)');
    expect(await compare('newest')).toMatchObject({
      labels: 1,
      last: '20200301050000',
      comparisons: [{ lostDeletes: 1 }],
    });
    expect(await shop.loaded('newest')).toEqual([]);
  });

  test('holds a label of many keys and pages without confusing any', async () => {
    await shop.source(`create table wide (id text primary key, at timestamptz);
      insert into wide select 'k' || n || E'\\\\' || chr(39), '2020-03-01 01:00Z'::timestamptz + n % 3 * interval '1 hour' from generate_series(1, 30000) n`);
    await shop.sync('wide', { stage: 'p.fetch_wide', kind: 'full' });
    await shop.source(
      `delete from wide where id ~ '^k2999[0-9]'; insert into wide values ('k', '2020-03-01 03:59Z')`,
    );
    const { comparisons } = await compare('wide');
    expect(comparisons).toMatchObject([
      { keysAtSource: 29_991, rowsInWarehouse: 30_000, lostDeletes: 10, lostInserts: 1 },
    ]);
    expect((await shop.loaded('wide')).length).toBe(29_991);
  });

  test('reads every kind of key alike in both databases', async () => {
    await shop.source(`create table kinds (id int8, i2 int2, amount numeric(12,4), day date, wall timestamp, at timestamptz,
        name text, code char(4), ref uuid, yes boolean);
      insert into kinds values
        (1, -7, 10.5000, '2020-02-29', '2020-03-01 01:02:03.120', '2020-03-01 01:00:00.000001Z', ' a ', 'x', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true),
        (2, 7, 100, '1999-12-31', '2020-03-01 01:02:03', '2020-03-01 01:00Z', '', 'xx', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', false),
        (3, null, null, null, null, '2020-03-01 02:00Z', null, null, null, null)`);
    await shop.sync('kinds', { stage: 'p.fetch_kinds', kind: 'full' });
    for (const column of ['id', 'i2', 'amount', 'day', 'wall', 'at', 'name', 'code', 'ref', 'yes'])
      expect(await compare('kinds', { keyColumns: [column] })).toMatchObject({
        labels: 0,
        comparisons: [{ keysAtSource: 3, skipped: null }],
      });
    const all = ['yes', 'ref', 'code', 'name', 'at', 'wall', 'day', 'amount', 'i2', 'id'];
    expect(await compare('kinds', { keyColumns: all })).toMatchObject({
      labels: 0,
      comparisons: [{ labelsCompared: 2 }],
    });
  });

  test('that has nothing to compare with is refused, and with another kind it says so', async () => {
    await fill('fresh');
    const { exitCode, stderr } = await shop.reefline('sync', 'create', 'p.fetch_fresh', '--find-deletes');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('the table does not exist yet'),
    });
    const args = ['p.fetch_fresh', '--full', '--find-deletes', '--dry-run'];
    const { stdout } = await shop.reefline('sync', 'create', ...args);
    expect(stdout).toContain('warehouse.analytics.fresh was not compared: the table does not exist yet.');
    expect(stdout).toContain('5 labels to extract again');
  });
});
