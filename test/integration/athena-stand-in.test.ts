import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  paginateGetQueryResults,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../connectors/s3/client.ts';
import { startAthena } from '../../local/athena/server.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import { fromEnvironment } from '../support/local-cloud.ts';

const L8 = '20010105080000';
const s3 = createS3Client();
let athena: TestAthena;
beforeAll(async () => {
  athena = await openTestAthena('athena-stand-in');
  const columns = [
    { name: 'n', type: { kind: 'int64' }, nullable: true },
    { name: 'note', type: { kind: 'text' }, nullable: true },
  ] as const;
  await athena.register('numbers', columns, L8, `SELECT range AS n, 'note ' || range AS note FROM range(25)`);
});
afterAll(() => {
  athena.close();
  s3.destroy();
});

const token = (): string => randomBytes(32).toString('hex');
const reasonOf = async (sql: string): Promise<string | undefined> =>
  (await athena.run(sql)).Status?.StateChangeReason;
const start = (input: Partial<StartQueryExecutionCommand['input']>) =>
  athena.client.send(
    new StartQueryExecutionCommand({
      QueryString: 'SELECT 1 AS a',
      ResultConfiguration: { OutputLocation: `s3://${athena.bucket}/results/` },
      ...input,
    }),
  );

describe('results', () => {
  test('come in pages of the size that was asked for, with the headings once and every row once', async () => {
    const { QueryExecutionId: id = '' } = await athena.run(`SELECT n FROM ${athena.raw}.numbers ORDER BY n`);
    const sizes: number[] = [];
    const found: (string | undefined)[] = [];
    const pages = paginateGetQueryResults({ client: athena.client, pageSize: 10 }, { QueryExecutionId: id });
    for await (const { ResultSet } of pages) {
      const rows = ResultSet?.Rows ?? [];
      sizes.push(rows.length);
      found.push(...rows.map(({ Data }) => Data?.[0]?.VarCharValue));
    }
    expect(sizes).toEqual([10, 10, 6]);
    expect(found).toEqual(['n', ...[...Array(25).keys()].map(String)]);
  });

  test('tell NULL from an empty text, in the types of Athena, and lie as CSV in the output location', async () => {
    const query = await athena.run(
      `SELECT NULL AS nothing, '' AS empty, CAST(1.5 AS decimal(9,3)) AS amount, CAST(7 AS bigint) AS whole, TIMESTAMP '2001-01-05 08:00:00.125' AS flown, X'00ff' AS bytes`,
    );
    const { ResultSet } = await athena.client.send(
      new GetQueryResultsCommand({ QueryExecutionId: query.QueryExecutionId }),
    );
    expect(ResultSet?.Rows?.[1]?.Data).toEqual([
      {},
      { VarCharValue: '' },
      { VarCharValue: '1.500' },
      { VarCharValue: '7' },
      { VarCharValue: '2001-01-05 08:00:00.125' },
      { VarCharValue: '00 ff' },
    ]);
    const info = ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
    expect(info.map(({ Type, Precision, Scale }) => [Type, Precision, Scale]).slice(2, 4)).toEqual([
      ['decimal', 9, 3],
      ['bigint', 19, 0],
    ]);
    const uri = query.ResultConfiguration?.OutputLocation ?? '';
    const Key = uri.slice(`s3://${athena.bucket}/`.length);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: athena.bucket, Key }));
    const [headings, row] = ((await Body?.transformToString()) ?? '').split('\n');
    expect(headings).toBe('"nothing","empty","amount","whole","flown","bytes"');
    expect(row).toMatch(/^,"","1.500"/);
  });

  test.each([0, 1001])('are refused with MaxResults %i', async (MaxResults) => {
    const { QueryExecutionId } = await athena.run('SELECT 1 AS a');
    await expect(
      athena.client.send(new GetQueryResultsCommand({ QueryExecutionId, MaxResults })),
    ).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringMatching(/maxResults/i),
    });
  });

  test('are refused for a foreign token, and for a query that failed', async () => {
    const { QueryExecutionId } = await athena.run('SELECT 1 AS a');
    await expect(
      athena.client.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken: 'forged' })),
    ).rejects.toThrow(/NextToken/);
    const failed = await athena.run('SELECT nothing FROM (VALUES 1) AS t(a)');
    await expect(
      athena.client.send(new GetQueryResultsCommand({ QueryExecutionId: failed.QueryExecutionId })),
    ).rejects.toThrow(/FAILED/);
  });
});

describe('a token', () => {
  test('gives the same query for the same request, and is refused with another one', async () => {
    const ClientRequestToken = token();
    const first = await start({ ClientRequestToken });
    expect((await start({ ClientRequestToken })).QueryExecutionId).toBe(first.QueryExecutionId);
    await expect(start({ ClientRequestToken, QueryString: 'SELECT 2 AS a' })).rejects.toThrow(/Idempotent/);
  });

  test('of fewer than 32 characters is refused', async () => {
    await expect(start({ ClientRequestToken: 'short' })).rejects.toThrow(/clientRequestToken/);
  });
});

describe('a request is refused', () => {
  test.each([
    ['an unknown workgroup', { WorkGroup: 'nobody' }, /WorkGroup nobody is not found/],
    ['no output location', { ResultConfiguration: {} }, /No output location provided/],
    [
      'an output bucket that does not exist',
      { ResultConfiguration: { OutputLocation: 's3://nobodys/x/' } },
      /output bucket nobodys/,
    ],
    ['an unknown catalog', { QueryExecutionContext: { Catalog: 'other' } }, /Catalog other/],
    ['a text that is no statement', { QueryString: 'SELEC 1' }, /line 1:1: mismatched input 'SELEC'/],
    ['a syntax error', { QueryString: 'SELECT 1 AS a\n  FROM WHERE' }, /line 2:\d+: mismatched input/],
    ['two statements', { QueryString: 'SELECT 1; SELECT 2' }, /Only one sql statement/],
  ])('for %s', async (_, input, message) => {
    await expect(start(input)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(start(input)).rejects.toThrow(message);
  });

  test('for a query that nobody started', async () => {
    const QueryExecutionId = 'b1946ac9-0000-4000-8000-000000000000';
    for (const command of [
      new GetQueryExecutionCommand({ QueryExecutionId }),
      new StopQueryExecutionCommand({ QueryExecutionId }),
    ])
      await expect(athena.client.send(command as GetQueryExecutionCommand)).rejects.toThrow(/was not found/);
  });
});

describe('a query fails', () => {
  test.each([
    ['INSERT INTO t SELECT 1', /^NOT_SUPPORTED: .*INSERT/],
    ['DELETE FROM t', /^NOT_SUPPORTED: .*DELETE/],
    ['DROP TABLE t', /^NOT_SUPPORTED: .*DROP/],
    ['SELECT * FROM nowhere.t', /^SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist/],
    [
      'SELECT * FROM $raw.missing',
      /^TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog\..*\.missing' does not exist/,
    ],
    ['SELECT * FROM missing', /^MISSING_SCHEMA_NAME: line 1:15/],
    ['SELECT x FROM $raw.numbers', /^COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved/],
    ["SELECT * FROM read_csv('/etc/passwd')", /^GENERIC_INTERNAL_ERROR|^PERMISSION_DENIED|Permission/],
  ])('%s', async (sql, reason) => {
    const query = await athena.run(sql.replace('$raw', athena.raw));
    expect(query.Status?.State).toBe('FAILED');
    expect(query.Status?.StateChangeReason).toMatch(reason);
  });

  test('that would write into a folder with files, or a table that is there', async () => {
    await s3.send(new PutObjectCommand({ Bucket: athena.bucket, Key: 'used/file', Body: 'x' }));
    const used = `'s3://${athena.bucket}/used/'`;
    expect(
      await reasonOf(`CREATE TABLE ${athena.raw}.t WITH (external_location = ${used}) AS SELECT 1 AS a`),
    ).toMatch(/^HIVE_PATH_ALREADY_EXISTS: .*used/);
    expect(await reasonOf(`UNLOAD (SELECT 1 AS a) TO ${used} WITH (format = 'PARQUET')`)).toMatch(
      /^HIVE_PATH_ALREADY_EXISTS: .*used/,
    );
    expect(await reasonOf(`CREATE TABLE ${athena.raw}.numbers AS SELECT 1 AS a`)).toMatch(
      /^TABLE_ALREADY_EXISTS/,
    );
  });
});

test('UNLOAD writes Parquet files and the list of them', async () => {
  const folder = `s3://${athena.bucket}/unloaded/`;
  const sql = `UNLOAD (SELECT n FROM ${athena.raw}.numbers WHERE n < 3) TO '${folder}' WITH (format = 'PARQUET', compression = 'ZSTD')`;
  const query = await athena.run(sql);
  expect(query.Status?.State).toBe('SUCCEEDED');
  const manifest = query.Statistics?.DataManifestLocation ?? '';
  const Key = manifest.slice(`s3://${athena.bucket}/`.length);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: athena.bucket, Key }));
  expect(await Body?.transformToString()).toMatch(new RegExp(`^${folder}\\S+\n$`));
});

test('queries and tokens outlive the process', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-athena-'));
  const options = {
    ...{ dir, host: '127.0.0.1', port: 0 },
    s3Endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'),
    glueEndpoint: fromEnvironment('AWS_ENDPOINT_URL_GLUE'),
  };
  const input = {
    QueryString: 'SELECT 1 AS a',
    ClientRequestToken: token(),
    ResultConfiguration: { OutputLocation: `s3://${athena.bucket}/results/` },
  };
  const ids: (string | undefined)[] = [];
  for (const _ of [1, 2]) {
    const server = await startAthena(options);
    const client = new AthenaClient({ endpoint: server.url });
    ids.push((await client.send(new StartQueryExecutionCommand(input))).QueryExecutionId);
    client.destroy();
    await server.stop();
  }
  await rm(dir, { recursive: true });
  expect(ids[0]).toBeDefined();
  expect(ids[1]).toBe(ids[0]);
});
