import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GetQueryExecutionCommand } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, DeleteTableCommand } from '@aws-sdk/client-glue';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { openAthena } from '../../connectors/athena/client.ts';
import { createTableAs } from '../../connectors/athena/create-table-as.ts';
import { trackQuery } from '../../connectors/athena/progress.ts';
import { runResumable } from '../../connectors/athena/resumable.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import type { Column } from '../../pipeline/column.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import {
  dyingAt,
  L8,
  L9,
  queryOf,
  transformInTest,
  type TransformOptions,
} from '../support/athena-transform.ts';
import { eventually } from '../support/eventually.ts';
import { toolsOf } from '../support/warehouse.ts';

const FLIGHTS: readonly Column[] = [
  { name: 'origin', type: { kind: 'text' }, nullable: true },
  { name: 'delay', type: { kind: 'int32' }, nullable: true },
  { name: 'fare', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  { name: 'flown', type: { kind: 'timestamp', zoned: false }, nullable: true },
];
const SLOW =
  'SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE x * y + z <> 0';

let athena: TestAthena;
beforeAll(async () => {
  athena = await openTestAthena('athena-transform');
  const rows = (label: string, values: string): Promise<void> =>
    athena.register(
      'flights',
      FLIGHTS,
      label,
      `SELECT * FROM (VALUES ${values}) AS v(origin, delay, fare, flown)`,
    );
  await rows(
    L8,
    `('BOS', 5, 10.10::DECIMAL(10,2), TIMESTAMP '2001-01-05 08:00:00'), ('BOS', 7, 10.20, '2001-01-05 08:59:59.999999'), ('JFK', 1, NULL, '2001-01-05 08:30:00')`,
  );
  await rows(L9, `('BOS', 100, 1::DECIMAL(10,2), TIMESTAMP '2001-01-05 09:00:00')`);
});
afterAll(() => {
  athena.close();
});

const transform = (table: string, sql: string, options?: TransformOptions) =>
  transformInTest(athena, table, sql, options);

const flights = (): string => `${athena.raw}.flights`;
const perAirport = (): string => `
  -- delays per airport, and of this hour only
  SELECT origin, sum(delay) AS delay, count(*) AS flights, CAST(avg(fare) AS decimal(10,2)) AS fare, :timelabel AS label
  FROM ${flights()} WHERE flown >= :interval_start AND flown < :interval_end AND timelabel = :timelabel
  GROUP BY origin;`;

describe('a transform in Athena', () => {
  test('writes the rows of its interval as the partition of its label, and reports columns, rows and bytes', async () => {
    const output = await transform('delays', perAirport());
    expect(output.rows).toBe(2);
    expect(output.uri).toContain(`s3://${athena.bucket}/tables/${athena.marts}/delays/${L8}/r1/q0-`);
    expect(output.bytes).toBeGreaterThan(0);
    expect(output.columns?.map(({ name, type }) => [name, type])).toEqual([
      ['origin', { kind: 'text' }],
      ['delay', { kind: 'int64' }],
      ['flights', { kind: 'int64' }],
      ['fare', { kind: 'decimal', precision: 10, scale: 2 }],
      ['label', { kind: 'text' }],
    ]);
    expect(await athena.rows(`SELECT * FROM ${athena.marts}.delays ORDER BY origin`)).toEqual([
      ['BOS', '12', '2', '10.15', L8, L8],
      ['JFK', '1', '1', null, L8, L8],
    ]);
    expect((await athena.tables()).filter((name) => name.startsWith('reefline_'))).toEqual([]);
  });

  test('that is restated replaces the rows of its label only, and follows an added column', async () => {
    const sql = (more: string): string =>
      `SELECT origin${more} FROM ${flights()} WHERE timelabel = :timelabel`;
    await transform('restated', sql(''));
    await transform('restated', `${sql('')} AND origin = 'JFK'`, { revision: 2 });
    const output = await transform('restated', sql(', delay'), { timelabel: L9 });
    expect(output.columns?.map(({ name }) => name)).toEqual(['origin', 'delay']);
    expect(await athena.rows(`SELECT * FROM ${athena.marts}.restated ORDER BY timelabel`)).toEqual([
      ['JFK', null, L8],
      ['BOS', '100', L9],
    ]);
  });

  test('without rows makes an empty partition, and empties one that had rows', async () => {
    const none = `SELECT origin FROM ${flights()} WHERE false`;
    await transform('emptied', `SELECT origin FROM ${flights()}`);
    await expect(transform('emptied', none, { revision: 2 })).resolves.toMatchObject({ rows: 0, bytes: 0 });
    await expect(transform('emptied', none, { timelabel: L9 })).resolves.toMatchObject({ rows: 0 });
    expect(await athena.rows(`SELECT count(*) FROM ${athena.marts}.emptied`)).toEqual([['0']]);
  });

  test('of an older revision than the one that is shown changes nothing', async () => {
    await transform('newest', `SELECT 2 AS revision`, { revision: 2 });
    await expect(transform('newest', `SELECT 1 AS revision`)).resolves.toMatchObject({ rows: 1 });
    expect(await athena.rows(`SELECT revision FROM ${athena.marts}.newest`)).toEqual([['2']]);
  });

  test('is seen by a concurrent reader as the old revision or the new one, never as none or both', async () => {
    const rowsOf = (revision: number): string =>
      `SELECT x FROM UNNEST(sequence(1, ${String(revision * 10)})) AS t(x)`;
    await transform('swapped', rowsOf(1));
    const seen: string[] = [];
    const writing = new AbortController();
    const reader = (async () => {
      while (!writing.signal.aborted)
        seen.push((await athena.rows(`SELECT count(*) FROM ${athena.marts}.swapped`))[0]?.[0] ?? '');
    })();
    for (const revision of [2, 3, 4]) await transform('swapped', rowsOf(revision), { revision });
    writing.abort();
    await reader;
    expect(seen.filter((count) => !['10', '20', '30', '40'].includes(count))).toEqual([]);
    expect(seen.map(Number)).toEqual(seen.map(Number).toSorted((a, b) => a - b));
  });
});

describe('an attempt that follows a killed one', () => {
  test('finds the query by its token when no heartbeat named it, and does not run it again', async () => {
    const first = dyingAt(athena, 1);
    await expect(transform('token', perAirport(), { tools: first })).rejects.toThrow('killed');
    const second = toolsOf(athena);
    await transform('token', perAirport(), { attempt: 2, tools: second });
    expect(queryOf(second)).toBe(queryOf(first));
  });

  test('finds it by the id in the last heartbeat', async () => {
    const first = dyingAt(athena, 2);
    await expect(transform('by_id', perAirport(), { tools: first })).rejects.toThrow('killed');
    const second = toolsOf(athena, { lastHeartbeat: first.heartbeats.at(-1) });
    await expect(transform('by_id', perAirport(), { attempt: 2, tools: second })).resolves.toMatchObject({
      rows: 2,
    });
    expect(queryOf(second)).toBe(queryOf(first));
  });

  test('reaches the same rows wherever the first one died', async () => {
    for (const beat of [1, 2, 3, 4, 5, 6]) {
      const sql = `SELECT origin, ${String(beat)} AS beat FROM ${flights()} WHERE timelabel = :timelabel`;
      const table = `killed_${String(beat)}`;
      const first = dyingAt(athena, beat);
      await transform(table, sql, { tools: first }).catch(() => undefined);
      const lastHeartbeat = first.heartbeats.at(-1);
      await expect(
        transform(table, sql, { attempt: 2, tools: toolsOf(athena, { lastHeartbeat }) }),
      ).resolves.toMatchObject({ rows: 3 });
      expect(await athena.rows(`SELECT count(*) FROM ${athena.marts}.${table}`)).toEqual([['3']]);
    }
    expect((await athena.tables()).filter((name) => name.startsWith('reefline_'))).toEqual([]);
  });

  test('runs the query again when the table that it wrote was removed meanwhile', async () => {
    const first = dyingAt(athena, 1);
    await expect(transform('removed', perAirport(), { tools: first })).rejects.toThrow('killed');
    const id = queryOf(first) ?? '';
    await eventually(async () => {
      expect(await stateOf(id)).toBe('SUCCEEDED');
    });
    const [staging = ''] = (await athena.tables()).filter((name) => name.startsWith('reefline_'));
    await athena.glue.send(new DeleteTableCommand({ DatabaseName: athena.marts, Name: staging }));
    const second = toolsOf(athena);
    const { rows, uri } = await transform('removed', perAirport(), { attempt: 2, tools: second });
    expect(rows).toBe(2);
    expect(uri).toContain('/r1/q1-');
  });

  test('leaves a failure behind that was already told, and runs the corrected data', async () => {
    const sql = `SELECT CAST(note AS integer) AS n FROM ${athena.raw}.notes`;
    const note: readonly Column[] = [{ name: 'note', type: { kind: 'text' }, nullable: true }];
    await athena.register('notes', note, L8, `SELECT 'many' AS note`);
    const first = toolsOf(athena);
    await expect(transform('corrected', sql, { tools: first })).rejects.toMatchObject({
      failureClass: 'data_error',
    });
    await athena.register('notes', note, L8, `SELECT '12' AS note`);
    // The last heartbeat, which counts the failure, is lost.
    await expect(transform('corrected', sql, { attempt: 2 })).resolves.toMatchObject({ rows: 1 });
  });

  test('does nothing when the partition is already shown', async () => {
    const once = await transform('shown', perAirport());
    const again = toolsOf(athena);
    await expect(transform('shown', perAirport(), { attempt: 2, tools: again })).resolves.toEqual(once);
    expect(queryOf(again)).toBeUndefined();
  });
});

async function stateOf(id: string): Promise<string | undefined> {
  const { QueryExecution } = await athena.client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  return QueryExecution?.Status?.State;
}

describe('a transform in Athena that fails', () => {
  test('because it is cancelled stops its query', async () => {
    const stop = new AbortController();
    const tools = toolsOf(athena, { signal: stop.signal });
    const running = transform('cancelled', SLOW, { tools });
    await eventually(() => {
      expect(tools.heartbeats.length).toBeGreaterThan(2);
    });
    stop.abort(new Error('the run was cancelled'));
    await expect(running).rejects.toThrow('the run was cancelled');
    await eventually(async () => {
      expect(await stateOf(queryOf(tools) ?? '')).toBe('CANCELLED');
    });
    expect(await athena.tables()).not.toContain('cancelled');
  });

  test.each([
    ['a syntax error', 'SELECT 1 AS a,\n FROM', 'invalid_config', /sql\/test\.sql, line 2/],
    ['an unknown column', `SELECT\n  fares FROM \${flights}`, 'invalid_config', /line 2.*COLUMN_NOT_FOUND/],
    ['an unknown table', 'SELECT 1 AS a FROM\n\nnowhere.nothing', 'not_found', /line 3.*SCHEMA_NOT_FOUND/],
    ['an unknown function', 'SELECT nonsense(1) AS a', 'invalid_config', /line 1.*FUNCTION_NOT_FOUND/],
    ['a value that does not fit', `SELECT CAST('x' AS integer) AS a`, 'data_error', /INVALID_CAST_ARGUMENT/],
    [
      'a column without a name',
      'SELECT count(*) FROM (VALUES 1) AS t(a)',
      'invalid_config',
      /MISSING_COLUMN_NAME/,
    ],
    ['an unknown parameter', 'SELECT :hour AS h', 'invalid_config', /:hour/],
    [
      'a type that Reefline does not carry',
      'SELECT ARRAY[1] AS a',
      'invalid_config',
      /"a".*array<int>.*Cast it/,
    ],
    ['the partition key', `SELECT * FROM \${flights}`, 'invalid_config', /timelabel.*Leave it out/],
  ])('for %s says so, with its place', async (_, sql, failureClass, message) => {
    const refused = transform('refused', sql.replace('${flights}', flights()));
    await expect(refused).rejects.toMatchObject({
      failureClass,
    });
    await expect(refused).rejects.toThrow(message);
  });

  test('for mode merge says what fits', async () => {
    await expect(transform('merged', 'SELECT 1 AS a', { mode: 'merge' })).rejects.toThrow(
      /mode append or replace/,
    );
  });

  test('for an unknown workgroup names it', async () => {
    const failed = transform('group', 'SELECT 1 AS a', { workgroup: 'nobody' });
    await expect(failed).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(failed).rejects.toThrow(/nobody/);
  });

  test('without a place for results says where to name one', async () => {
    const { output: _output, ...bare } = athena.connection;
    const failed = transform('homeless', 'SELECT 1 AS a', {
      tools: toolsOf({ connections: { athena: bare } }),
    });
    await expect(failed).rejects.toMatchObject({ failureClass: 'invalid_config' });
    await expect(failed).rejects.toThrow(/output: s3:/);
  });

  test('because it scans more than its workgroup allows names the limit', async () => {
    await athena.register('big', FLIGHTS, L8, `SELECT 'BOS' AS origin LIMIT 1`);
    const s3 = createS3Client();
    const Body = Buffer.alloc(10_100_000);
    await s3.send(new PutObjectCommand({ Bucket: athena.bucket, Key: `raw/big/${L8}/more`, Body }));
    s3.destroy();
    const workgroup = await athena.workgroup({
      EnforceWorkGroupConfiguration: false,
      BytesScannedCutoffPerQuery: 10_000_000,
    });
    const failed = transform('limited', `SELECT origin FROM ${athena.raw}.big`, { workgroup });
    await expect(failed).rejects.toMatchObject({
      failureClass: 'rejected',
      facts: { scanLimit: 10_000_000 },
    });
    await expect(failed).rejects.toThrow(/10000000 bytes.*raise the limit/);
  });
});

test('a workgroup that enforces its place gets the files there, and the partition shows them', async () => {
  const workgroup = await athena.workgroup({
    EnforceWorkGroupConfiguration: true,
    ResultConfiguration: { OutputLocation: `s3://${athena.bucket}/enforced/` },
  });
  const output = await transform('enforced', perAirport(), { workgroup });
  expect(output.uri).toMatch(new RegExp(`^s3://${athena.bucket}/enforced/tables/[0-9a-f-]+/$`));
  expect(await athena.rows(`SELECT count(*) FROM ${athena.marts}.enforced`)).toEqual([['2']]);
});

test('names and folders with quotes reach Athena as names and folders, not as SQL', async () => {
  const database = `o'b"; drop table x --${athena.marts}`;
  await athena.glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  const folder = `s3://${athena.bucket}/it's "here"/`;
  const tools = toolsOf(athena);
  const warehouse = openAthena(athena.connection);
  const { progress, watch } = trackQuery(tools);
  const place = { doing: 'write', file: 'sql/test.sql', linesBefore: 1, scanLimit: undefined };
  const sql = (): string => createTableAs({ database, table: `t"a'b` }, folder, 'SELECT 1 AS a');
  const marker = { dataset: `a."b'.c`, timelabel: `'; drop --`, revision: 1 };
  await runResumable(warehouse, { marker, sql, attempt: 1, place }, progress, watch);
  warehouse.client.destroy();
  const quoted = `"${database.replaceAll('"', '""')}"."t""a'b"`;
  expect(await athena.rows(`SELECT a FROM ${quoted}`)).toEqual([['1']]);
});
