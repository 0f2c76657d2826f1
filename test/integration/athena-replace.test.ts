import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateTableCommand } from '@aws-sdk/client-glue';
import { checkStage } from '../../activities/stages/check.ts';
import type { Assertion } from '../../pipeline/stage.ts';
import { openTestAthena, type TestAthena } from '../support/athena.ts';
import {
  dieBeforeRemoval,
  dyingAt,
  L8,
  L9,
  queryOf,
  transformInTest,
  type TransformOptions,
} from '../support/athena-transform.ts';
import { runOf, toolsOf } from '../support/warehouse.ts';

let athena: TestAthena;
beforeAll(async () => {
  athena = await openTestAthena('athena-replace');
});
afterAll(() => {
  athena.close();
});

describe('a transform in Athena of mode replace', () => {
  const replace = (table: string, sql: string, options: TransformOptions = {}) =>
    transformInTest(athena, table, sql, { mode: 'replace', ...options });
  const shown = (table: string): Promise<(string | null)[][]> =>
    athena.rows(`SELECT * FROM ${athena.marts}.${table} ORDER BY 1`);

  test('makes the whole table anew for each label, and an older label or revision never replaces a newer one', async () => {
    const sql = (x: number): string => `SELECT x, x * 2 AS y FROM UNNEST(sequence(1, ${String(x)})) AS t(x)`;
    const first = await replace('whole', sql(3));
    expect(first).toMatchObject({ rows: 3, columns: [{ name: 'x' }, { name: 'y' }] });
    expect(first.uri).toContain(`/${athena.marts}/whole/${L8}/r1/q0-`);
    await expect(replace('whole', sql(2), { timelabel: L9, revision: 2 })).resolves.toMatchObject({
      rows: 2,
    });
    const now = [
      ['1', '2'],
      ['2', '4'],
    ];
    expect(await shown('whole')).toEqual(now);
    const tools = toolsOf(athena);
    await expect(replace('whole', sql(5), { revision: 7, tools })).resolves.toMatchObject({
      rows: 0,
      bytes: 0,
      uri: null,
      columns: first.columns,
    });
    expect(queryOf(tools)).toBeUndefined();
    await expect(replace('whole', sql(5), { timelabel: L9 })).resolves.toMatchObject({ rows: 2 });
    expect(await shown('whole')).toEqual(now);
    // Restated: another column comes, one that is gone stays without values, and one becomes wider.
    await replace('whole', `SELECT CAST(1 AS bigint) AS x, 'new' AS z`, { timelabel: L9, revision: 3 });
    expect(await shown('whole')).toEqual([['1', null, 'new']]);
    await expect(
      replace('whole', 'SELECT 1 AS x WHERE false', { timelabel: L9, revision: 4 }),
    ).resolves.toMatchObject({
      rows: 0,
    });
    expect(await shown('whole')).toEqual([]);
    expect((await athena.tables()).filter((name) => name.startsWith('reefline_'))).toEqual([]);
  });

  test('is seen by a concurrent reader as all of one label, also while an older label comes late', async () => {
    const rowsOf = (n: number): string =>
      `SELECT ${String(n)} AS n FROM UNNEST(sequence(1, ${String(n)})) AS t(x)`;
    const labels = ['20010105100000', '20010105110000', '20010105120000'];
    await replace('read', rowsOf(9), { timelabel: L9 });
    const writing = new AbortController();
    const seen = new Set<string>();
    const reader = (async () => {
      while (!writing.signal.aborted)
        for (const [n, rows] of await athena.rows(`SELECT max(n), count(*) FROM ${athena.marts}.read`))
          seen.add(`${n ?? ''} of ${rows ?? ''}`);
    })();
    for (const [at, timelabel] of labels.entries()) {
      const late = replace('read', rowsOf(100), { timelabel: L8, revision: at + 1 });
      await Promise.all([late, replace('read', rowsOf(10 + at), { timelabel })]);
    }
    writing.abort();
    await reader;
    expect(
      [...seen].filter((each) => !['9 of 9', '10 of 10', '11 of 11', '12 of 12'].includes(each)),
    ).toEqual([]);
    expect((await shown('read')).length).toBe(12);
  });

  test('reaches the same table wherever an attempt died', async () => {
    for (const beat of [1, 3]) {
      const table = `died_${String(beat)}`;
      await replace(table, 'SELECT 0 AS n');
      const sql = `SELECT x AS n FROM UNNEST(sequence(1, 3)) AS t(x)`;
      const first = dyingAt(athena, beat);
      await replace(table, sql, { timelabel: L9, tools: first }).catch(() => undefined);
      expect([1, 3]).toContain((await shown(table)).length);
      const tools = toolsOf(athena, { lastHeartbeat: first.heartbeats.at(-1) });
      await expect(replace(table, sql, { timelabel: L9, attempt: 2, tools })).resolves.toMatchObject({
        rows: 3,
      });
      expect(await shown(table)).toEqual([['1'], ['2'], ['3']]);
    }
  });

  test.each(['append', 'replace'] as const)(
    'leaves no table behind in mode %s when an attempt died between showing its rows and removing it',
    async (mode) => {
      const staging = async (): Promise<string[]> =>
        (await athena.tables()).filter((name) => name.startsWith('reefline_'));
      for (const heartbeat of ['kept', 'lost']) {
        const table = `left_${mode}_${heartbeat}`;
        const last = await dieBeforeRemoval(athena, (tools) =>
          replace(table, 'SELECT 1 AS n', { mode, tools }),
        );
        expect(await shown(table)).toHaveLength(1);
        expect(await staging()).toHaveLength(1);
        const tools = toolsOf(athena, heartbeat === 'kept' ? { lastHeartbeat: last } : {});
        await expect(replace(table, 'SELECT 1 AS n', { mode, attempt: 2, tools })).resolves.toMatchObject({
          rows: 1,
        });
        expect(await staging()).toEqual([]);
      }
    },
  );

  test('refuses a table of partitions, a view and a type that cannot be read as the other, and leaves them as they are', async () => {
    await transformInTest(athena, 'labelled', 'SELECT 1 AS a');
    await expect(replace('labelled', 'SELECT 2 AS a')).rejects.toThrow(
      /partitioned by \(timelabel\).*another table/,
    );
    await replace('typed', 'SELECT 1 AS a');
    await expect(transformInTest(athena, 'typed', 'SELECT 2 AS a')).rejects.toThrow(
      /not partitioned.*another table/,
    );
    await expect(replace('typed', `SELECT 'x' AS a`, { timelabel: L9 })).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'a' },
    });
    expect(await shown('typed')).toEqual([['1']]);
    const DatabaseName = athena.marts;
    for (const [Name, foreign] of [
      ['a_view', { TableType: 'VIRTUAL_VIEW' }],
      ['an_iceberg', { TableType: 'EXTERNAL_TABLE', Parameters: { table_type: 'ICEBERG' } }],
    ] as const) {
      await athena.glue.send(new CreateTableCommand({ DatabaseName, TableInput: { Name, ...foreign } }));
      await expect(replace(Name, 'SELECT 1 AS a')).rejects.toThrow(
        /a_view exists and is a view|format ICEBERG/,
      );
    }
    expect((await athena.tables()).filter((name) => name.startsWith('reefline_'))).toEqual([]);
  });
});

describe('a check in Athena', () => {
  const assertion = (name: string, sql: string, severity: Assertion['severity'] = 'error'): Assertion => ({
    name,
    sql,
    file: `sql/checks/${name}.sql`,
    severity,
  });
  const check = (assertions: readonly Assertion[], options: TransformOptions = {}) => {
    const { timelabel = L8, tools = toolsOf(athena), revision = 1, attempt = 1 } = options;
    const from = `athena.${athena.marts}.checked`;
    const work = { kind: 'check', from, blocking: true, assertions } as const;
    return checkStage(runOf({ work, output: `${from}$check`, timelabel, revision, attempt }), tools);
  };
  const table = (): string => `${athena.marts}.checked`;
  const negative = (severity?: Assertion['severity']): Assertion =>
    assertion(
      'negative',
      `-- of this label\nSELECT id, amount, note FROM ${table()} WHERE amount < 0 AND timelabel = :timelabel ORDER BY id; -- all`,
      severity,
    );
  const holds = (): Assertion => assertion('ids', `SELECT 1 AS one FROM ${table()} WHERE id IS NULL`);

  beforeAll(async () => {
    const rows = `VALUES (1, CAST(10.10 AS decimal(10,2)), 'a'), (2, CAST(-3.50 AS decimal(10,2)), NULL), (3, CAST(-1 AS decimal(10,2)), 'ü')`;
    await transformInTest(athena, 'checked', `SELECT id, amount, note FROM (${rows}) AS v(id, amount, note)`);
    await transformInTest(
      athena,
      'checked',
      `SELECT x AS id, CAST(0 AS decimal(10,2)) AS amount, 'x' AS note FROM UNNEST(sequence(1, 1000)) AS t(x)`,
      { timelabel: L9 },
    );
  });

  test('counts the rows of each assertion, shows some of them, and fails when one of severity error is violated', async () => {
    const found = {
      rows: 3,
      bytes: null,
      uri: null,
      columns: null,
      checks: [
        { name: 'ids', severity: 'error', violations: 0, sample: [] },
        {
          name: 'negative',
          severity: 'warn',
          violations: 2,
          sample: ['id = 2, amount = -3.50, note = NULL', 'id = 3, amount = -1.00, note = ü'],
        },
        { name: 'many', severity: 'warn', violations: 1003, sample: Array(5).fill(expect.any(String)) },
      ],
    };
    const many = assertion('many', `WITH t AS (SELECT * FROM ${table()}) SELECT id FROM t`, 'warn');
    const first = toolsOf(athena);
    expect(await check([holds(), negative('warn'), many], { tools: first })).toEqual(found);
    // An attempt that follows, without a heartbeat or with one, attaches to the counting.
    for (const lastHeartbeat of [undefined, first.heartbeats.at(-1)]) {
      const tools = toolsOf(athena, { lastHeartbeat });
      expect(await check([holds(), negative('warn'), many], { tools, attempt: 2 })).toEqual(found);
      expect(queryOf(tools)).toBe(queryOf(first));
    }
    await expect(check([holds(), negative()], { timelabel: L9 })).resolves.toMatchObject({ rows: 2 });
    const failed = check([holds(), negative()]);
    await expect(failed).rejects.toThrow(/holds back .*negative found 2 rows.*First rows: negative: id = 2/);
    await expect(failed).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { quarantined: 'true', violated: 'negative', 'violations.negative': 2 },
    });
  });

  test('whose SQL Athena refuses is no violation, and names assertion, file and line', async () => {
    for (const [sql, failureClass, message] of [
      ['SELECT 1 AS a\nFROM WHERE', 'invalid_config', /assertion broken \(sql\/checks\/broken\.sql\)/],
      ['SELECT 1 AS a\nFROM nowhere.nothing', 'not_found', /sql\/checks\/broken\.sql, line 2/],
      [`SELECT id FROM ${table()}\nWHERE CAST(note AS integer) = 1`, 'data_error', /assertion broken/],
    ] as const) {
      const failed = check([holds(), assertion('broken', sql), negative()]);
      await expect(failed).rejects.toMatchObject({ failureClass, facts: { assertion: 'broken' } });
      await expect(failed).rejects.toThrow(message);
    }
  });
});
