import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkStage } from '../../activities/stages/check.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import type { CheckWork, TransformWork } from '../../pipeline/stage.ts';
import { L8, L9, tableUnderTest } from '../support/loaded-table.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';
import { runOf, toolsOf } from '../support/warehouse.ts';

let warehouse: TestSnowflake;
beforeAll(async () => {
  warehouse = await openTestSnowflake('sf_transform');
  const orders = tableUnderTest(warehouse, 'orders', 'append');
  await orders.put(L8, 1, "(1::BIGINT, 'a'), (2, 'b')");
  await orders.put(L9, 1, '(3::BIGINT, NULL)');
});
afterAll(() => warehouse.close());

const OUTPUT = 'warehouse.marts.notes';

function transform(sql: string, mode: TransformWork['mode'], timelabel = L8, revision = 1, output = OUTPUT) {
  const work: TransformWork = {
    kind: 'transform',
    sql,
    file: 'sql/notes.sql',
    mode,
    key: mode === 'merge' ? ['id'] : [],
  };
  return transformStage(runOf({ work, output, timelabel, revision }), toolsOf(warehouse));
}

describe('a transform in Snowflake', () => {
  test('keeps the rows of its label, follows new columns, and repeats itself without effect', async () => {
    const sql = `select id, iff(note is null, 'none', note) as note, $$'x\\$$ as mark, :interval_end as until
      from analytics.orders where reefline_timelabel = :timelabel; -- the end`;
    const output = await transform(sql, 'append');
    expect(output).toMatchObject({ rows: 2, uri: null });
    expect(output.columns?.map(({ name, type }) => [name, type.kind])).toEqual([
      ['id', 'int64'],
      ['note', 'text'],
      ['mark', 'text'],
      ['until', 'timestamp'],
    ]);
    await transform(sql.replace('as until', 'as until, 1.5::number(4,1) as weight'), 'append', L9);
    await expect(transform(sql, 'append')).resolves.toMatchObject({ rows: 2 });
    expect(
      await warehouse.query(
        'SELECT id::int, note, mark, until::text, weight::text, reefline_timelabel AS label FROM marts.notes ORDER BY id',
      ),
    ).toEqual([
      { id: 1, note: 'a', mark: "'x\\", until: '2001-01-05 09:00:00', weight: null, label: L8 },
      { id: 2, note: 'b', mark: "'x\\", until: '2001-01-05 09:00:00', weight: null, label: L8 },
      { id: 3, note: 'none', mark: "'x\\", until: '2001-01-05 10:00:00', weight: '1.5', label: L9 },
    ]);
  });

  test('replaces and merges', async () => {
    const all = 'warehouse.marts.all_notes';
    await transform('select id, note from analytics.orders', 'replace', L8, 1, all);
    await expect(
      transform('select 7 as id', 'replace', L9, 1, 'warehouse.marts.seven'),
    ).resolves.toMatchObject({ rows: 1 });
    await expect(
      transform('select id, upper(note) as note from analytics.orders where id < 3', 'merge', L9, 1, all),
    ).resolves.toMatchObject({ rows: 2 });
    expect(await warehouse.query('SELECT id::int, note FROM marts.all_notes ORDER BY id')).toEqual([
      { id: 1, note: 'A' },
      { id: 2, note: 'B' },
      { id: 3, note: null },
    ]);
  });

  test.each([
    [
      'a table that is not there',
      'select * from analytics.nothing',
      'not_found',
      /Object 'ANALYTICS.NOTHING' does not exist/,
    ],
    [
      'a column that is not there',
      'select nothing from analytics.orders',
      'invalid_config',
      /invalid identifier 'NOTHING'/,
    ],
    [
      'a type that has no counterpart',
      "select parse_json('{}') as doc",
      'invalid_config',
      /Column "DOC" of sql\/notes.sql has type VARIANT/,
    ],
    [
      'a name in quotes that would be another',
      'select id as "id" from analytics.orders',
      'invalid_config',
      /Column "id" .* store as ID/,
    ],
    [
      'a row that cannot be computed',
      'select 1 / (id - 1) as x from analytics.orders',
      'data_error',
      /Division by zero/,
    ],
  ])('is refused with %s', async (_what, sql, failureClass, message) => {
    const refused = transform(sql, 'append', L8, 1, 'warehouse.marts.refused');
    await expect(refused).rejects.toMatchObject({ failureClass });
    await expect(refused).rejects.toThrow(message);
  });
});

describe('a check in Snowflake', () => {
  const check = (sqls: Readonly<Record<string, string>>, severity: 'error' | 'warn') => {
    const assertions = Object.entries(sqls).map(([name, sql]) => ({
      name,
      sql,
      file: `sql/${name}.sql`,
      severity,
    }));
    const work: CheckWork = { kind: 'check', from: 'warehouse.analytics.orders', blocking: true, assertions };
    return checkStage(runOf({ work, output: 'warehouse.checks.orders', timelabel: L9 }), toolsOf(warehouse));
  };
  const noted =
    'select id, note from analytics.orders where note is null and reefline_timelabel = :timelabel';

  test('counts violations and shows rows; errors fail it and warnings do not', async () => {
    const sqls = { noted, known: 'select 1 from analytics.orders where id > 100' };
    await expect(check(sqls, 'warn')).resolves.toMatchObject({
      rows: 2,
      checks: [
        { name: 'noted', violations: 1, sample: ['ID = 3, NOTE = NULL'] },
        { name: 'known', violations: 0, sample: [] },
      ],
    });
    await expect(check(sqls, 'error')).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { violated: 'noted', quarantined: 'true' },
    });
  });

  test('names the assertion whose SQL is wrong', async () => {
    await expect(
      check({ noted, broken: 'select oops from analytics.orders' }, 'error'),
    ).rejects.toMatchObject({
      failureClass: 'invalid_config',
      message: expect.stringMatching(/assertion broken \(sql\/broken\.sql\) failed.*OOPS/s),
    });
  });
});
