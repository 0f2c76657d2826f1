import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection as Session, RowStatement } from 'snowflake-sdk';
import { createSnowflakeObjects } from '../../cli/dev/snowflake-account.ts';
import { closeWarehouse, openWarehouse } from '../../connectors/snowflake/client.ts';
import { readRows } from '../../connectors/snowflake/query.ts';
import { startSnowflake } from '../../local/snowflake/server.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { resolveConnection } from '../../workers/secrets.ts';
import { fromEnvironment } from '../support/local-cloud.ts';
import { execute, openTestSnowflake, signIn, signOut, type TestSnowflake } from '../support/snowflake.ts';

let account: TestSnowflake;
beforeAll(async () => {
  account = await openTestSnowflake('sf_account');
});
afterAll(() => account.close());

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => String((error as { code?: unknown }).code),
  );
const submit = async (session: Session, sqlText: string): Promise<RowStatement> =>
  new Promise((resolve, reject) => {
    session.execute({
      sqlText,
      asyncExec: true,
      complete: (error, statement) => {
        if (error) reject(error);
        else resolve(statement);
      },
    });
  });

describe('signing in', () => {
  test('takes the key of the user or the password, and nothing else', async () => {
    const { user, database, privateKey = '' } = account.connection;
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const wrongKey = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    const jwt = { username: user, password: undefined, authenticator: 'SNOWFLAKE_JWT' } as never as object;
    await signOut(await signIn({ ...jwt, privateKey, database }));
    await signOut(await signIn({ username: user, password: 'pass', database }));
    expect(await codeOf(signIn({ ...jwt, privateKey: wrongKey }))).toBe('390144');
    expect(await codeOf(signIn({ username: user, password: 'wrong' }))).toBe('390100');
    expect(await codeOf(signIn({ username: user, password: 'pass', role: 'ACCOUNTADMIN' }))).toBe('390189');
    expect(await codeOf(signIn({ database: 'nowhere' }))).toBe('390201');
    expect(await codeOf(signIn({ warehouse: 'nothing' }))).toBe('390201');
  });
});

test('the connector signs in with the encrypted key and the names that the development server makes', async () => {
  const accessUrl = fromEnvironment('SNOWFLAKE_ACCESS_URL');
  const own = randomBytes(3).toString('hex');
  const written: SnowflakeConnection = {
    ...{ kind: 'snowflake', account: '${env:NAME}', user: '${env:NAME}', role: `Own Role ${own}` },
    ...{ privateKey: '${env:KEY}', privateKeyPassphrase: '${env:PHRASE}' },
    ...{ database: `my-lake-${own}`, warehouse: `Own Warehouse ${own}` },
  };
  const variables = await createSnowflakeObjects(
    { env: { SNOWFLAKE_ACCESS_URL: accessUrl } },
    `my-snow-${own}`,
    written,
  );
  const connection = resolveConnection(written, { ...variables, SNOWFLAKE_ACCESS_URL: accessUrl });
  const watch = { beat: () => undefined, signal: new AbortController().signal };
  const warehouse = await openWarehouse(connection as SnowflakeConnection, watch);
  expect(await readRows(warehouse, 'SELECT 1', 'ask', watch)).toEqual([['1']]);
  await closeWarehouse(warehouse);
  const dropped = {
    DATABASE: written.database,
    WAREHOUSE: written.warehouse,
    ROLE: written.role,
    USER: (connection as SnowflakeConnection).user.toUpperCase(),
  };
  for (const [noun, name = ''] of Object.entries(dropped))
    await execute(account.admin, `DROP ${noun} "${name}"`);
});

describe('statements', () => {
  test('fold names to upper case, keep those in quotes, and are refused with the codes of the service', async () => {
    const { admin } = account;
    await execute(admin, 'CREATE SCHEMA shop');
    await execute(
      admin,
      'CREATE TABLE shop.orders (Id NUMBER(19,0) PRIMARY KEY, "Note" VARCHAR(5), at TIMESTAMP_NTZ(6) NOT NULL)',
    );
    await execute(admin, `INSERT INTO shop.orders SELECT 1, 'a', '1969-12-31 23:59:59.25'::timestamp_ntz`);
    // Keys are kept for information only.
    await execute(
      admin,
      `INSERT INTO SHOP."ORDERS" (id, "Note", at) SELECT 1, null, '2001-01-05 08:00:00'::timestamp_ntz`,
    );
    const columns = `SELECT column_name, data_type, numeric_precision FROM information_schema.columns WHERE table_name = 'ORDERS' ORDER BY ordinal_position`;
    expect(await execute(admin, columns)).toEqual([
      ['ID', 'NUMBER', 19],
      ['Note', 'TEXT', null],
      ['AT', 'TIMESTAMP_NTZ', null],
    ]);
    const [first] = await execute(admin, 'SELECT at FROM shop.orders ORDER BY at');
    expect((first?.[0] as Date).toISOString()).toBe('1969-12-31T23:59:59.250Z');
    const refused = {
      'SELECT * FROM shop.nothing': '002003',
      'SELECT nothing FROM shop.orders': '000904',
      'SELECT FROM WHERE': '001003',
      'SELECT no_such_function(1)': '002140',
      'CREATE TABLE shop.orders (id NUMBER)': '002002',
      "INSERT INTO shop.orders SELECT 2, 'too long', current_timestamp()": '100078',
      "INSERT INTO shop.orders SELECT 2, 'a', null": '100072',
      "SELECT 'x'::number(5,0)": '100038',
      'SELECT 1; SELECT 2': '000008',
      'USE WAREHOUSE nothing': '002003',
      "COPY INTO shop.orders FROM 's3://elsewhere/' FILES = ('a') FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE STORAGE_INTEGRATION = nothing":
        '002003',
      [`COPY INTO shop.orders FROM 's3://elsewhere/' FILES = ('a') FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE STORAGE_INTEGRATION = ${account.connection.database}`]:
        '003531',
    };
    for (const [sql, code] of Object.entries(refused))
      expect([sql, await codeOf(execute(admin, sql))]).toEqual([sql, code]);
  });

  test('commit when DDL comes, survive a failed one in a transaction, and hold the table until the transaction ends', async () => {
    const { admin, connection } = account;
    await execute(admin, 'CREATE TABLE public.turns AS SELECT 1 AS turn');
    await execute(admin, 'BEGIN');
    await execute(admin, 'UPDATE turns SET turn = turn + 1');
    expect(await codeOf(execute(admin, 'SELECT nothing FROM turns'))).toBe('000904');
    const other = await signIn({
      username: connection.user,
      password: 'pass',
      database: connection.database,
    });
    const waiting = execute(other, 'DELETE FROM turns WHERE turn = 1');
    await execute(admin, 'CREATE TABLE public.other (id NUMBER)');
    await waiting;
    await execute(admin, 'ROLLBACK');
    expect(await execute(admin, 'SELECT turn FROM turns')).toEqual([[2]]);
    await signOut(other);
  });

  test('run in blocks, whose handler knows the code of what failed', async () => {
    const { admin } = account;
    const block = (body: string) =>
      execute(admin, `EXECUTE IMMEDIATE $$\nDECLARE\n  x VARCHAR;\nBEGIN\n${body}\nEND;\n$$`);
    expect(await block("SELECT max(7) INTO :x; x := x || '!'; RETURN x;")).toEqual([['7!']]);
    const handled =
      "SELECT * FROM nothing;\nEXCEPTION WHEN OTHER THEN ROLLBACK; RETURN SQLCODE || ' ' || SQLSTATE;";
    expect(await block(handled)).toEqual([['2003 42S02']]);
    expect(await codeOf(block('SELECT * FROM nothing;'))).toBe('100183');
  });
});

describe('queries', () => {
  test('go on without the client, give their result to any session of the user, and can be cancelled', async () => {
    const { admin } = account;
    // More rows than fit into one part of a result.
    const statement = await submit(
      admin,
      'WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4500) SELECT x / x FROM n',
    );
    const other = await signIn({ database: account.connection.database });
    const result = await other.getResultsFromQueryId({ queryId: statement.getQueryId() });
    let rows = 0;
    for await (const row of result.streamRows()) rows += (row as [number])[0];
    expect(rows).toBe(4500);
    const endless = await submit(other, 'SELECT SYSTEM$WAIT(600)');
    const id = endless.getQueryId();
    expect(await admin.getQueryStatus(id)).toBe('RUNNING');
    await execute(other, `SELECT SYSTEM$CANCEL_QUERY('${id}')`);
    expect(await admin.getQueryStatus(id)).toBe('ABORTED');
    expect(await admin.getQueryStatus('00000000-0000-0000-0000-000000000001')).toBe('NO_QUERY_DATA');
    await signOut(other);
  });

  test('keep their ids and results when the server starts again, and sessions end with it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'reefline-snowflake-'));
    const options = {
      dir,
      host: '127.0.0.1',
      postgresUrl: fromEnvironment('REEFLINE_TEST_POSTGRES_URL'),
      s3Endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'),
    };
    let server = await startSnowflake({ ...options, port: 0 });
    const { port } = new URL(server.url);
    try {
      const session = await signIn({ accessUrl: server.url });
      await execute(session, "CREATE USER mover PASSWORD = 'secret'");
      const used = account.connection.database.toUpperCase();
      await execute(session, `CREATE DATABASE IF NOT EXISTS ${used}`);
      await execute(session, `USE DATABASE ${used}`);
      const id = (await submit(session, "SELECT 'kept'")).getQueryId();
      await session.getResultsFromQueryId({ queryId: id });
      await server.stop();
      server = await startSnowflake({ ...options, port: Number(port) });
      expect(await codeOf(execute(session, 'SELECT 1'))).toBe('407002');
      await signOut(session);
      await signOut(await signIn({ accessUrl: server.url, username: 'mover', password: 'secret' }));
      const again = await signIn({ accessUrl: server.url });
      expect(await again.getQueryStatus(id)).toBe('SUCCESS');
      await signOut(again);
    } finally {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
