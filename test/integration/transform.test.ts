import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transformStage } from '../../activities/stages/transform.ts';
import { isRetryable } from '../../pipeline/failure.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const L8 = '20010105080000';
const L9 = '20010105090000';
const PER_AIRPORT = `
  -- delays per airport, and of this hour only
  SELECT origin, sum(delay) AS delay, count(*) AS flights, CAST(avg(fare) AS decimal(10,2)) AS fare, :timelabel AS label
  FROM raw.flights WHERE at >= :interval_start AND at < :interval_end
  GROUP BY origin;`;

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await openTestWarehouse('transform');
  await warehouse.query(`CREATE SCHEMA raw; CREATE TABLE raw.flights (origin varchar(3), delay int, fare numeric(10,2), at timestamp);
    INSERT INTO raw.flights VALUES ('BOS', 5, 10.10, '2001-01-05 08:00:00'), ('BOS', 7, 10.20, '2001-01-05 08:59:59.999999'),
      ('JFK', 1, NULL, '2001-01-05 08:30'), ('BOS', 100, 1, '2001-01-05 09:00:00'), ('BOS', 100, 1, '2001-01-05 07:59:59')`);
});
afterAll(() => warehouse.close());

function transform(
  table: string,
  mode: TransformWork['mode'],
  sql: string,
  timelabel: string,
  revision = 1,
  key: string[] = [],
) {
  const work: TransformWork = { kind: 'transform', sql, file: 'sql/test.sql', mode, key };
  return transformStage(
    runOf({ work, output: `warehouse.marts.${table}`, timelabel, revision }),
    toolsOf(warehouse),
  );
}

describe('a transform', () => {
  test('writes the rows of its interval, creates the table from the query and reports its columns', async () => {
    const output = await transform('delays', 'append', PER_AIRPORT, L8);
    expect(output).toMatchObject({ rows: 2, bytes: null, uri: null });
    expect(output.columns?.map(({ name, type }) => [name, type])).toEqual([
      ['origin', { kind: 'text' }],
      ['delay', { kind: 'int64' }],
      ['flights', { kind: 'int64' }],
      ['fare', { kind: 'decimal', precision: 10, scale: 2 }],
      ['label', { kind: 'text' }],
    ]);
    const rows = await warehouse.query(
      'SELECT origin, delay::int, flights::int, fare::text, label, reefline_timelabel FROM marts.delays ORDER BY origin',
    );
    expect(rows).toEqual([
      { origin: 'BOS', delay: 12, flights: 2, fare: '10.15', label: L8, reefline_timelabel: L8 },
      { origin: 'JFK', delay: 1, flights: 1, fare: null, label: L8, reefline_timelabel: L8 },
    ]);
  });

  test('that is restated replaces the rows of its label, and follows an added column', async () => {
    const sql = (more: string) => `SELECT origin${more} FROM raw.flights WHERE at < :interval_end`;
    await transform('restated', 'append', sql(''), L8, 1);
    await transform('restated', 'append', `${sql('')} AND origin = 'JFK'`, L8, 2);
    const output = await transform('restated', 'append', `${sql(', delay')} AND origin = 'JFK'`, L9, 1);
    expect(output.columns?.map(({ name }) => name)).toEqual(['origin', 'delay']);
    expect(
      await warehouse.query(
        'SELECT origin, delay, reefline_timelabel AS label FROM marts.restated ORDER BY label',
      ),
    ).toEqual([
      { origin: 'JFK', delay: null, label: L8 },
      { origin: 'JFK', delay: 1, label: L9 },
    ]);
  });

  test('in mode replace ignores a label older than the one in the table', async () => {
    await transform('replaced', 'replace', 'SELECT 9 AS hour', L9);
    await expect(transform('replaced', 'replace', 'SELECT 8 AS hour', L8)).resolves.toMatchObject({
      rows: 0,
    });
    expect(await warehouse.query('SELECT hour FROM marts.replaced')).toEqual([{ hour: 9 }]);
  });

  test('in mode merge refuses a key that is not unique, and names it', async () => {
    const bad = transform('merged', 'merge', 'SELECT origin, delay FROM raw.flights', L8, 1, ['origin']);
    await expect(bad).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { key: 'origin', sample: 'BOS' },
    });
    await expect(
      transform(
        'merged',
        'merge',
        'SELECT origin, max(delay) AS delay FROM raw.flights GROUP BY origin',
        L8,
        1,
        ['origin'],
      ),
    ).resolves.toMatchObject({ rows: 2 });
  });

  test('that is corrected under the same revision runs anew instead of returning the failure of the old text', async () => {
    await expect(transform('corrected', 'append', 'SELECT 1/0 AS n', L8)).rejects.toMatchObject({
      failureClass: 'data_error',
    });
    await expect(transform('corrected', 'append', 'SELECT 1 AS n', L8)).resolves.toMatchObject({ rows: 1 });
  });

  test.each([
    ['an unknown parameter', 'SELECT :hour AS h', 'invalid_config', /:hour.*:interval_start/],
    ['a syntax error', 'SELECT FROM WHERE', 'invalid_config', /sql\/test\.sql/],
    ['a table that does not exist', 'SELECT * FROM raw.nothing', 'not_found', /raw\.nothing/],
    [
      'a type that has no neutral counterpart',
      "SELECT JSON_PARSE('{}') AS j",
      'invalid_config',
      /"j".*Cast it/,
    ],
  ])('with %s is refused and says so', async (_, sql, failureClass, message) => {
    const refused = transform('refused', 'append', sql, L8);
    await expect(refused).rejects.toMatchObject({ failureClass });
    await expect(refused).rejects.toThrow(message);
  });
});

test('a transaction that Redshift ends with 1023 is a conflict, and is submitted anew until it succeeds', async () => {
  await transform('contested', 'append', 'SELECT 1 AS id', L8);
  // A sequence is not rolled back: the first statements that record a marker of this table fail, and no others.
  const conflicts = 5;
  await warehouse.query(`CREATE SEQUENCE public.conflicts;
    CREATE FUNCTION public.conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.dataset = 'warehouse.marts.contested' AND nextval('public.conflicts') <= ${String(conflicts)} THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER conflict BEFORE INSERT ON reefline.applied FOR EACH ROW EXECUTE FUNCTION public.conflict()`);
  const work: TransformWork = {
    kind: 'transform',
    sql: 'SELECT 2 AS id',
    file: 'a.sql',
    mode: 'append',
    key: [],
  };
  const failures: unknown[] = [];
  let lastHeartbeat: unknown;
  for (let attempt = 1; ; attempt++) {
    const tools = toolsOf(warehouse, { lastHeartbeat });
    const run = runOf({ work, output: 'warehouse.marts.contested', timelabel: L9, attempt });
    // A statement that failed before it was first looked at may be an old one, so an attempt submits more than one of them.
    const output = await transformStage(run, tools).catch((error: unknown) => {
      failures.push(error);
      return undefined;
    });
    if (output !== undefined || attempt > conflicts) break;
    lastHeartbeat = tools.heartbeats.at(-1);
  }
  expect(failures).not.toEqual([]);
  for (const failure of failures)
    expect(failure).toMatchObject({ failureClass: 'conflict', message: expect.stringContaining('1023') });
  expect(isRetryable('conflict')).toBe(true);
  expect(await warehouse.query('SELECT last_value::int AS n FROM public.conflicts')).toEqual([
    { n: conflicts + 1 },
  ]);
  expect(await warehouse.query('SELECT id FROM marts.contested ORDER BY 1')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a table that is replaced and widened stays the table that views read, and a transform may read such a view', async () => {
  await transform('viewed', 'replace', "SELECT 'old' AS v", L8);
  await warehouse.query('CREATE VIEW marts.of_viewed AS SELECT v FROM marts.viewed');
  await transform('viewed', 'replace', "SELECT 'new' AS v, 1 AS more", L9);
  await transform('from_view', 'replace', 'SELECT v FROM marts.of_viewed', L9);
  expect(await warehouse.query('SELECT v FROM marts.from_view')).toEqual([{ v: 'new' }]);
});
