import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporalCli } from '../../local/temporal-cli.ts';
import { eventually } from '../support/eventually.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { openSyncShop, type SyncShop } from '../support/sync-shop.ts';

/** Names and values that break out of SQL that is put together carelessly. */
const EVIL = `x'); drop table orders; --`;

let shop: SyncShop;
beforeAll(async () => {
  shop = await openSyncShop('sync', [
    ...['orders', 'kept', 'columns', 'windows', 'awkward', 'pairs', 'long', 'slow'].map((table) => ({
      table,
    })),
    { table: 'snaps', extract: { mode: 'snapshot' } as const, load: { mode: 'replace' } as const },
  ]);
  await shop.source(`
    create table orders (id int8 primary key, note text, at timestamptz);
    insert into orders values (1, 'a', '2020-03-01 00:10Z'), (2, 'b', '2020-03-01 02:59:59.999Z'),
      (3, 'later', now() + interval '1 hour'), (4, 'never', null), (5, 'infinite', 'infinity'), (6, 'b.c.', '0044-03-15 BC');
    create table snaps (id int8 primary key);
    insert into snaps values (1)`);
});
afterAll(() => shop.close());

describe('a sync of all of the source', () => {
  test('makes every due label from the first to the last row, and no other', async () => {
    const result = await shop.sync('all', { stage: 'p.fetch_orders', kind: 'full' });
    expect(result).toMatchObject({ labels: 3, first: '20200301000000', last: '20200301020000' });
    expect(result.stages.map(({ stage, toRun }) => [stage, toRun])).toEqual([
      ['p.fetch_orders', 3],
      ['p.load_orders', 3],
    ]);
    expect(await shop.loaded('orders')).toEqual(['1 00h', '2 02h']);
  });

  test('makes every label again, also those whose last row is gone', async () => {
    await shop.source('delete from orders where id = 1');
    await shop.source(`insert into orders values (7, 'late', '2020-03-01 02:00Z')`);
    const result = await shop.sync('again', { stage: 'p.fetch_orders', kind: 'full' });
    expect(result.labels).toBe(3);
    expect(await shop.loaded('orders')).toEqual(['2 02h', '7 02h']);
  });

  test('of a snapshot makes its newest due label', async () => {
    const result = await shop.sync('snap', { stage: 'p.fetch_snaps', kind: 'full' });
    expect(result.labels).toBe(1);
    expect((await shop.loaded('snaps')).map((row) => row.split(' ')[0])).toEqual(['1']);
  });
});

describe('a sync of a time window', () => {
  test('makes the labels that have rows at the source, and those that a run made', async () => {
    await shop.source(`create table windows (id int8, at timestamp);
      insert into windows values (1, '2020-03-01 05:00'), (2, '2020-03-01 07:59'), (3, '2020-03-02 00:00')`);
    await shop.backfill('windows', '2020-03-01T09:00Z', '2020-03-01T10:00Z');
    const window = { stage: 'p.fetch_windows', kind: 'time_window', from: '2020-03-01', to: '2020-03-02' };
    expect(await shop.sync('window', window)).toMatchObject({
      labels: 3,
      first: '20200301050000',
      last: '20200301090000',
    });
    expect(await shop.loaded('windows')).toEqual(['1 05h', '2 07h']);
  });
});

describe('a sync of keys', () => {
  test('makes the labels that hold them now and those in which they were loaded', async () => {
    await shop.source(`create table kept (id int8 primary key, at timestamptz);
      insert into kept select n, '2020-03-01Z'::timestamptz + n * interval '1 hour' from generate_series(1, 5) n`);
    await shop.sync('kept', { stage: 'p.fetch_kept', kind: 'full' });
    await shop.source(`delete from kept where id = 2; update kept set at = '2020-03-01 09:00Z' where id = 4;
      delete from kept where id = 5`);
    const result = await shop.sync('keys', { stage: 'p.fetch_kept', kind: 'key_list', keys: ['2', 4, '99'] });
    expect(result).toMatchObject({ labels: 3, first: '20200301020000', last: '20200301090000' });
    expect(result.remarks.join(' ')).toContain('1 of 3 keys are at the source, in 1 due labels.');
    // 5 was not asked for, so its lost delete stays.
    expect(await shop.loaded('kept')).toEqual(['1 01h', '3 03h', '4 09h', '5 05h']);
  });

  test('finds awkward texts in both databases, and runs none of them', async () => {
    const keys = [EVIL, 'it\'s "quoted"', 'back\\slash', "tail\\'", 'new\nline', '', 'ünï 😀', '%_'];
    await shop.source('create table awkward (id text primary key, at timestamptz)');
    for (const [hour, key] of keys.entries())
      await shop.source('insert into awkward values ($1, $2)', [key, `2020-03-01 ${String(hour)}:30Z`]);
    await shop.sync('awkward', { stage: 'p.fetch_awkward', kind: 'full' });
    await shop.source('delete from awkward');
    const result = await shop.sync('awkward-keys', {
      stage: 'p.fetch_awkward',
      kind: 'key_list',
      keys: [...keys, 'no'],
    });
    expect(result).toMatchObject({ labels: keys.length });
    expect(await shop.loaded('awkward')).toEqual([]);
    expect(await shop.source('select count(*)::int as rows from orders')).toEqual([{ rows: 6 }]);
  });

  test('takes keys of several columns from a file', async () => {
    await shop.source(`create table pairs ("Land" varchar(2), id numeric(10,2), at date, primary key ("Land", id));
      insert into pairs values ('DE', 1, '2020-03-01'), ('DE', 2.5, '2020-03-02'), ('FR', 1, '2020-03-03')`);
    const folder = await mkdtemp(join(tmpdir(), 'reefline-keys-'));
    const file = join(folder, 'keys');
    writeFileSync(file, '["DE", "2.50"]\n\n["FR", 1]\n["DEX", 1]\n');
    const args = ['--keys-file', file, '--key-columns', 'land,id', '--id', 'pairs'];
    const { exitCode, stdout, stderr } = await shop.reefline('sync', 'create', 'p.fetch_pairs', ...args);
    await rm(folder, { recursive: true });
    expect({ exitCode, stderr, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('2 of 3 keys'),
    });
    await eventually(async () => {
      expect(await shop.loaded('pairs', '"land", id::float8')).toEqual(['FR 1 00h', 'DE 2.5 00h']);
    });
    const shown = await shop.reefline('sync', 'show', 'pairs', '--watch');
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('labels of 3 keys') });
  });
});

describe('a sync of columns', () => {
  test('makes the labels that were extracted before the column was there, and no other', async () => {
    await shop.source(`create table columns (id int8, at timestamptz);
      insert into columns select n, '2020-03-01Z'::timestamptz + n * interval '1 hour' from generate_series(0, 2) n`);
    await shop.backfill('columns', '2020-03-01T00:00Z', '2020-03-01T02:00Z');
    await shop.source(`alter table columns add column colour text default 'red'`);
    await shop.backfill('columns', '2020-03-01T02:00Z', '2020-03-01T03:00Z');
    const input = { stage: 'p.fetch_columns', kind: 'columns', columns: ['colour'] };
    expect(await shop.sync('columns', input)).toMatchObject({ labels: 2, last: '20200301010000' });
    expect(await shop.loaded('columns', 'id, colour')).toEqual(['0 red 00h', '1 red 01h', '2 red 02h']);
    expect(await shop.sync('columns-again', input)).toMatchObject({ labels: 0, backfill: null });
  });
});

describe('what is recorded', () => {
  test('lies in the catalog: no list of labels is in a history, and a paused plan runs nothing until it is resumed', async () => {
    await shop.source(`create table long (id int8, at timestamptz);
      insert into long values (1, '2020-01-01Z'), (2, '2020-04-20Z')`);
    const result = await shop.sync('long', { stage: 'p.fetch_long', kind: 'full', hold: true });
    expect(result).toMatchObject({ labels: 2641, paused: true, backfill: 'long' });
    const history = await shop.engine.client.workflow.getHandle('sync/long').fetchHistory();
    expect(JSON.stringify(history).length).toBeLessThan(60_000);
    expect((await shop.reefline('backfill', 'cancel', 'long')).exitCode).toBe(0);
    await shop.engine.client.workflow.getHandle('backfill/long').result();
    expect(
      (await shop.engine.db.query(`select 1 from reefline.stage_run where stage = 'p.fetch_long'`)).rows,
    ).toEqual([]);
  });

  test('runs when a person has looked at it and resumes it', async () => {
    const held = await shop.sync('held', {
      stage: 'p.fetch_kept',
      kind: 'key_list',
      keys: ['5'],
      hold: true,
    });
    expect(held).toMatchObject({ labels: 1, paused: true });
    expect(await shop.loaded('kept')).toContain('5 05h');
    expect((await shop.reefline('backfill', 'resume', 'held')).exitCode).toBe(0);
    await shop.engine.client.workflow.getHandle('backfill/held').result();
    expect(await shop.loaded('kept')).not.toContain('5 05h');
  });

  test('is what an attempt that lost its answer, or the same start again, goes on with; other keys are refused', async () => {
    const before = await shop.engine.db.query(
      `select count(*)::int as n from reefline.backfill_item where backfill = 'keys'`,
    );
    const input = { stage: 'p.fetch_kept', kind: 'key_list', keys: ['2', 4, '99'] };
    expect(await shop.sync('keys', input)).toMatchObject({ backfill: 'keys', labels: 3 });
    const after = await shop.engine.db.query(
      `select count(*)::int as n from reefline.backfill_item where backfill = 'keys'`,
    );
    expect(after.rows).toEqual(before.rows);
    await expect(shop.sync('keys', { ...input, keys: ['1'] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('There is a backfill "keys" already') },
    });
  });

  test('is nothing with --dry-run, which shows the labels and what they restate', async () => {
    const args = ['p.fetch_kept', '--keys', '1,3', '--dry-run', '--json'];
    const { stdout } = await shop.reefline('sync', 'create', ...args, '--id', 'dry');
    const result: unknown = JSON.parse(stdout);
    expect(result).toMatchObject({
      labels: 2,
      backfill: null,
      stages: [{ toRun: 2 }, { stage: 'p.load_kept', toRun: 2 }],
    });
    expect((await shop.engine.db.query(`select 1 from reefline.backfill where id = 'dry'`)).rows).toEqual([]);
    await expect(shop.engine.client.workflow.getHandle('backfill/dry').describe()).rejects.toThrow(
      'not found',
    );
  });
});

test.each([
  [['p.fetch_ordres', '--full'], 'There is no stage "p.fetch_ordres": did you mean p.fetch_orders?'],
  [
    ['p.load_orders', '--full'],
    'p.load_orders is a load, and a historical sync reads the source of an extract',
  ],
  [['p.fetch_snaps', '--keys', '1'], 'p.fetch_snaps is a snapshot'],
  [['p.fetch_orders'], 'Say what to sync'],
  [['p.fetch_orders', '--full', '--keys', '1'], 'Choose one of'],
  [['p.fetch_orders', '--from', '2020-03-01'], '"to" is missing'],
  [['p.fetch_orders', '--keys-file', '/no/such/file'], 'The file of keys /no/such/file cannot be read'],
  [['p.fetch_orders', '--columns', 'colour'], 'public.orders has no column "colour"'],
  [['p.fetch_orders', '--columns', EVIL], `public.orders has no column "${EVIL}"`],
  [
    ['p.fetch_orders', '--keys', '1', '--key-columns', 'nr'],
    'has no column "nr", which is to be part of the key. Its columns are id, note, at',
  ],
  [['p.fetch_orders', '--keys', '1', '--key-columns', EVIL], 'which is to be part of the key'],
  [
    ['p.fetch_orders', '--keys', EVIL],
    'A key is no value of the key columns of public.orders, which are id (bigint)',
  ],
  [['p.fetch_orders', '--keys', '["1","2"]'], 'has 2 values, and the key columns of public.orders are id'],
  [['p.fetch_windows', '--keys', '1'], 'Name them: --key-columns id'],
])('sync create %j ends with 2 and the cure', async (argv, sentence) => {
  const { exitCode, stderr } = await shop.reefline('sync', 'create', ...argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(sentence) });
});

test('a sync that is cancelled ends its statement at the source', async () => {
  await shop.source(
    `create view slow as select 1::int8 as id, now() - interval '3 hours' as at from pg_sleep(600)`,
  );
  const handle = await shop.engine.client.workflow.start('historicalSync', {
    ...{ workflowId: 'sync/slow', taskQueue: 'reefline', args: [{ stage: 'p.fetch_slow', kind: 'full' }] },
  });
  const active = (): Promise<Record<string, unknown>[]> =>
    shop.source(
      `select 1 from pg_stat_activity where state = 'active' and query like '%"slow"%' and pid <> pg_backend_pid()`,
    );
  await eventually(async () => expect(await active()).toHaveLength(1));
  await handle.cancel();
  await eventually(async () => expect(await active()).toEqual([]), 60_000);
  await expect(handle.result()).rejects.toThrow();
}, 360_000);

test('a source that would be written to is refused', async () => {
  await shop.source(`drop view slow; create sequence counter;
    create view slow as select nextval('counter') as id, now() - interval '3 hours' as at`);
  const refused = shop.sync('written', { stage: 'p.fetch_slow', kind: 'full' });
  await expect(refused).rejects.toMatchObject({
    cause: { message: expect.stringContaining('read-only transaction') },
  });
});

test('the temporal program starts one as the documentation says', async () => {
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: fromEnvironment('TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: shop.engine.namespace,
    PATH: `${dirname(temporalCli())}:${process.env['PATH'] ?? ''}`,
  };
  const page = readFileSync(new URL('../../docs/historical-sync.md', import.meta.url), 'utf8');
  const [, block = ''] = /^```bash\n([^]*?)^```/m.exec(page) ?? [];
  const command = block.trim().replaceAll('orders.fetch_orders', 'p.fetch_orders').replace('"17"', '"2"');
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { env, timeout: 50_000 });
  expect(stdout).toContain('sync/march');
  await expect(shop.engine.client.workflow.getHandle('sync/march').result()).resolves.toMatchObject({
    labels: 1,
    backfill: 'march',
  });
  await expect(shop.engine.client.workflow.getHandle('backfill/march').result()).resolves.toMatchObject({
    status: 'completed',
  });
});
