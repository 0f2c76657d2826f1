import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  ListDatabasesCommand,
  ListSchemasCommand,
  ListStatementsCommand,
  ListTablesCommand,
} from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { TestRedshift } from '../support/redshift-data.ts';

let redshift: TestRedshift;
beforeAll(async () => {
  redshift = await TestRedshift.start();
});
afterAll(async () => {
  await redshift.stop();
});

describe('accepting statements', () => {
  test('the same token is the same statement, and other content under it is refused', async () => {
    await redshift.rows('CREATE TABLE tokens (id int)');
    const insert = { ...redshift.where, Sql: 'INSERT INTO tokens VALUES (1)', ClientToken: 'once' };
    const [first, second] = await Promise.all([
      redshift.client.send(new ExecuteStatementCommand(insert)),
      redshift.client.send(new ExecuteStatementCommand(insert)),
    ]);
    expect(second.Id).toBe(first.Id);
    await redshift.describe(first.Id ?? '');
    expect(await redshift.rows('SELECT count(*) FROM tokens')).toEqual([[1]]);
    await expect(
      redshift.client.send(new ExecuteStatementCommand({ ...insert, Sql: 'SELECT 1' })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test.each([
    ['two targets', { ClusterIdentifier: 'c' }, 'Only one of'],
    ['no target', { WorkgroupName: undefined }, 'Either ClusterIdentifier or WorkgroupName'],
    [
      'two ways to sign in',
      { SecretArn: 'arn:aws:secretsmanager:a:1:secret:s', DbUser: 'u' },
      'Only one of SecretArn',
    ],
    ['a user of a workgroup', { DbUser: 'u' }, 'DbUser cannot be specified'],
    ['no database', { Database: undefined }, 'Database is required'],
    ['100 kB of text', { Sql: `SELECT '${'x'.repeat(102_400)}'` }, '100 KB'],
    ['a wait above 30 s', { WaitTimeSeconds: 31 }, 'WaitTimeSeconds'],
    [
      'an unused parameter',
      { Parameters: [{ name: 'a', value: '1' }] },
      'unused parameters. Unused parameters: [a]',
    ],
    ['an empty value', { Sql: 'SELECT :a', Parameters: [{ name: 'a', value: '' }] }, 'value is required'],
    ['a session', { SessionKeepAliveSeconds: 10 }, 'SessionKeepAliveSeconds is not supported'],
  ])('refuses %s', async (_what, settings, reason) => {
    const command = new ExecuteStatementCommand({ ...redshift.where, Sql: 'SELECT 1', ...settings });
    await expect(redshift.client.send(command)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(reason),
    });
  });

  test('takes at most 40 statements in a batch', async () => {
    const command = new BatchExecuteStatementCommand({
      ...redshift.where,
      Sqls: Array<string>(41).fill('SELECT 1'),
    });
    await expect(redshift.client.send(command)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('an unknown id and an operation that is not there have the shapes of the service', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    await expect(redshift.client.send(new DescribeStatementCommand({ Id: id }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      ResourceId: id,
    });
    await expect(redshift.client.send(new GetStatementResultV2Command({ Id: id }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });

  test('a database that does not exist fails the statement with the error of the server', async () => {
    expect(await redshift.end('SELECT 1', { Database: 'nowhere' })).toMatchObject({
      Status: 'FAILED',
      Error: 'FATAL: database "nowhere" does not exist',
    });
  });
});

describe('running statements', () => {
  test('a statement is submitted, started, and ends; cancelling really ends it in the database', async () => {
    const id = await redshift.submit('SELECT pg_sleep(600)');
    const seen = new Set<string>();
    while (!seen.has('STARTED')) {
      const { Status: status = '' } = await redshift.describe(id, 0);
      expect(['SUBMITTED', 'PICKED', 'STARTED']).toContain(status);
      seen.add(status);
    }
    const { RedshiftPid: pid } = await redshift.describe(id, 0);
    await redshift.client.send(new CancelStatementCommand({ Id: id }));
    expect(await redshift.describe(id)).toMatchObject({ Status: 'ABORTED' });
    const active = `SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid ?? 0} AND query LIKE '%pg_sleep(600%' AND state = 'active'`;
    expect(await redshift.rows(`${active} AND pid <> pg_backend_pid()`)).toEqual([[0]]);
    await expect(redshift.client.send(new CancelStatementCommand({ Id: id }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('a cancellation that comes as its statement ends spares the statements after it', async () => {
    const ends = new Map<string, number>();
    const { client } = redshift;
    for (let round = 0; round < 25; round++) {
      // More than there are connections, so that one works for the next statement as soon as it is free.
      const shortly = Array.from({ length: 8 }, (_, at) =>
        redshift.submit(`SELECT pg_sleep(0.00${String(at)})`),
      );
      const spared = await Promise.all(
        Array.from({ length: 8 }, () => redshift.submit('SELECT pg_sleep(0.03)')),
      );
      await Promise.all(
        shortly.map(async (id) =>
          client.send(new CancelStatementCommand({ Id: await id })).catch(() => undefined),
        ),
      );
      for (const id of spared) {
        const { Status: status = '', Error: error = '' } = await redshift.describe(id);
        const end = `${status} ${error}`.trim();
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    }
    expect([...ends]).toEqual([['FINISHED', 200]]);
  });

  test('describes time, rows and size of a result', async () => {
    const ended = await redshift.end("SELECT 'four' AS word UNION ALL SELECT 'nine'");
    expect(ended).toMatchObject({ Status: 'FINISHED', HasResultSet: true, ResultRows: 2, ResultSize: 8 });
    expect(ended.Duration).toBeGreaterThan(0);
    expect(ended.RedshiftPid).toBeGreaterThan(0);
    expect(ended.QueryString).toContain('four');
    expect(await redshift.end('CREATE TABLE IF NOT EXISTS nothing (id int)')).toMatchObject({
      HasResultSet: false,
    });
  });

  test('every row of a long result comes exactly once, in order, page by page', async () => {
    const { Id: id } = await redshift.end('SELECT n FROM generate_series(1, 2500) AS s (n)');
    const numbers: (number | undefined)[] = [];
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await redshift.client.send(new GetStatementResultCommand({ Id: id, NextToken: token }));
      expect(page.TotalNumRows).toBe(2500);
      numbers.push(...(page.Records ?? []).map((record) => record[0]?.longValue));
      token = page.NextToken;
      pages++;
    } while (token !== undefined);
    expect(pages).toBe(3);
    expect(numbers).toEqual(Array.from({ length: 2500 }, (_, at) => at + 1));
  });

  test('an empty result is a result', async () => {
    const { Id: id, HasResultSet: has } = await redshift.end('SELECT 1 AS one WHERE false');
    expect(has).toBe(true);
    const page = await redshift.client.send(new GetStatementResultCommand({ Id: id }));
    expect(page).toMatchObject({ Records: [], TotalNumRows: 0 });
    expect(page.ColumnMetadata?.map(({ name, typeName }) => [name, typeName])).toEqual([['one', 'int4']]);
  });

  test('parameters are values, never text of the statement', async () => {
    await redshift.rows('CREATE TABLE guarded (id int, name varchar(100))');
    const evil = "x'); DROP TABLE guarded; --";
    const parameters = {
      Parameters: [
        { name: 'n', value: evil },
        { name: 'id', value: '7' },
      ],
    };
    await redshift.rows("INSERT INTO guarded VALUES (:id, :n), (:id, ':n') -- :n", parameters);
    expect(await redshift.rows('SELECT id, name FROM guarded ORDER BY name')).toEqual([
      [7, ':n'],
      [7, evil],
    ]);
  });

  test('one value may be used where different types are wanted', async () => {
    const sql = "SELECT :t::varchar, date_trunc('day', :t::timestamp), dateadd(hour, 1, :t)";
    expect(await redshift.rows(sql, { Parameters: [{ name: 't', value: '2001-01-01 10:00:00' }] })).toEqual([
      ['2001-01-01 10:00:00', '2001-01-01 00:00:00', '2001-01-01 11:00:00'],
    ]);
  });

  test('a connection carries neither settings nor temporary tables to the next statement', async () => {
    await redshift.rows('CREATE TEMP TABLE leftover (id int)');
    expect((await redshift.end('SELECT * FROM leftover')).Error).toContain('does not exist');
  });
});

describe('batches', () => {
  test('a failure rolls everything back and names the statement', async () => {
    await redshift.rows('CREATE TABLE atomic (id int)');
    const ended = await redshift.batch([
      'INSERT INTO atomic VALUES (1)',
      'SELECT 1/0',
      'INSERT INTO atomic VALUES (2)',
    ]);
    expect(ended).toMatchObject({
      Status: 'FAILED',
      Error: 'ERROR: Query #2 failed with ERROR: division by zero',
    });
    expect(ended.SubStatements?.map(({ Id: id, Status: status }) => [id, status])).toEqual([
      [`${ended.Id ?? ''}:1`, 'ABORTED'],
      [`${ended.Id ?? ''}:2`, 'FAILED'],
      [`${ended.Id ?? ''}:3`, 'ABORTED'],
    ]);
    expect(await redshift.rows('SELECT count(*) FROM atomic')).toEqual([[0]]);
  });

  test('in AUTO_COMMIT each statement stands for itself', async () => {
    await redshift.rows('CREATE TABLE separate (id int)');
    const ended = await redshift.batch(
      ['INSERT INTO separate VALUES (1)', 'SELECT 1/0', 'INSERT INTO separate VALUES (2)'],
      'AUTO_COMMIT',
    );
    expect(ended.SubStatements?.map(({ Status: status }) => status)).toEqual([
      'FINISHED',
      'FAILED',
      'FINISHED',
    ]);
    expect(await redshift.rows('SELECT count(*) FROM separate')).toEqual([[2]]);
  });

  test('results are those of the sub-statements', async () => {
    const ended = await redshift.batch(['CREATE TEMP TABLE tmp AS SELECT 5 AS five', 'SELECT five FROM tmp']);
    const page = await redshift.client.send(new GetStatementResultCommand({ Id: `${ended.Id ?? ''}:2` }));
    expect(page.Records).toEqual([[{ longValue: 5 }]]);
  });

  test.each(['BEGIN', 'COMMIT', 'TRUNCATE atomic', 'VACUUM atomic'])('refuses %s', async (sql) => {
    expect(await redshift.batch([sql])).toMatchObject({ Status: 'FAILED' });
  });

  test('two transactions that change the same row: the second fails with 1023', async () => {
    await redshift.rows('CREATE TABLE contested AS SELECT 1 AS id, 0 AS n');
    const other = new pg.Client({ connectionString: redshift.database.url });
    await other.connect();
    try {
      await other.query('BEGIN; UPDATE contested SET n = 1');
      const id = await redshift.submit('UPDATE contested SET n = 2');
      const waiting =
        'SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = $1 AND datname = current_database()';
      while ((await other.query<{ n: string }>(waiting, ['Lock'])).rows[0]?.n !== '1')
        await redshift.describe(id, 0);
      await other.query('COMMIT');
      expect((await redshift.describe(id)).Error).toMatch(
        /1023[\s\S]*Serializable isolation violation on table/,
      );
    } finally {
      await other.end();
    }
  });
});

describe('looking back', () => {
  test('ids, results and errors survive a restart', async () => {
    const good = await redshift.end("SELECT 'kept' AS word");
    const bad = await redshift.end('SELECT * FROM nowhere');
    const open = await redshift.submit('SELECT pg_sleep(600)');
    await redshift.stopServer();
    await redshift.startServer();
    expect(await redshift.describe(good.Id ?? '')).toMatchObject({ Status: 'FINISHED', ResultRows: 1 });
    const page = await redshift.client.send(new GetStatementResultCommand({ Id: good.Id }));
    expect(page.Records).toEqual([[{ stringValue: 'kept' }]]);
    expect(await redshift.describe(bad.Id ?? '')).toMatchObject({ Status: 'FAILED', Error: bad.Error });
    expect((await redshift.describe(open, 0)).Status).toBe('ABORTED');
  });

  test('after a crash the statements of the dead process are over, in the record and in the database', async () => {
    await redshift.stopServer();
    const crashed = await redshift.startServerProcess();
    const id = await redshift.submit('SELECT pg_sleep(600)');
    let described = await redshift.describe(id, 0);
    while (described.Status !== 'STARTED') described = await redshift.describe(id, 0);
    await crashed.kill();
    await redshift.startServer();
    expect(await redshift.describe(id, 0)).toMatchObject({
      Status: 'FAILED',
      Error: expect.stringContaining('stopped while the statement was running'),
    });
    const alive = `SELECT count(*) FROM pg_stat_activity WHERE pid = ${described.RedshiftPid ?? 0} AND query LIKE '%pg_sleep(600%'`;
    while ((await redshift.rows(`${alive} AND pid <> pg_backend_pid()`))[0]?.[0] !== 0);
  });

  test('lists statements by name and status, newest first, in pages', async () => {
    const names = ['load-1', 'load-2', 'load-3', 'other'];
    for (const name of names) await redshift.end('SELECT 1', { StatementName: name });
    await redshift.end('SELECT 1/0', { StatementName: 'load-4' });
    const filter = { StatementName: 'load-', Status: 'FINISHED', MaxResults: 2 } as const;
    const first = await redshift.client.send(new ListStatementsCommand(filter));
    const second = await redshift.client.send(
      new ListStatementsCommand({ ...filter, NextToken: first.NextToken }),
    );
    const listed = [first, second].map((page) => page.Statements?.map(({ StatementName: name }) => name));
    expect(listed).toEqual([['load-3', 'load-2'], ['load-1']]);
    expect(second.NextToken).toBeUndefined();
  });

  test('lists databases, schemas, tables and columns', async () => {
    await redshift.rows('CREATE SCHEMA IF NOT EXISTS seen');
    await redshift.rows('CREATE TABLE seen.things (id bigint NOT NULL, price decimal(12,2))');
    const { where, client } = redshift;
    expect((await client.send(new ListDatabasesCommand(where))).Databases).toContain(where.Database);
    expect((await client.send(new ListSchemasCommand({ ...where, SchemaPattern: 'see%' }))).Schemas).toEqual([
      'seen',
    ]);
    expect((await client.send(new ListTablesCommand({ ...where, SchemaPattern: 'seen' }))).Tables).toEqual([
      { name: 'things', schema: 'seen', type: 'TABLE' },
    ]);
    const table = await client.send(new DescribeTableCommand({ ...where, Schema: 'seen', Table: 'things' }));
    expect(table.ColumnList).toMatchObject([
      { name: 'id', typeName: 'int8', nullable: 0 },
      { name: 'price', typeName: 'numeric', precision: 12, scale: 2, nullable: 1 },
    ]);
  });
});
