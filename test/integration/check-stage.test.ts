import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkStage } from '../../activities/stages/check.ts';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import type { Assertion } from '../../pipeline/stage.ts';
import { eventually } from '../support/eventually.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const L8 = '20010105080000';
const ORDERS = 'warehouse.analytics.orders';

let warehouse: TestWarehouse;
beforeAll(async () => {
  warehouse = await openTestWarehouse('check_stage');
  await warehouse.query(`CREATE SCHEMA analytics;
    CREATE TABLE analytics.orders (id bigint, amount numeric(10,2), note text, at timestamp);
    INSERT INTO analytics.orders VALUES (1, 10.10, 'a', '2001-01-05 08:00:00'), (2, -3.50, NULL, '2001-01-05 08:30:00'),
      (9007199254740993, -1, 'big', '2001-01-05 08:59:59'), (3, -9, 'other hour', '2001-01-05 09:00:00');
    CREATE TABLE analytics.many (id int); INSERT INTO analytics.many SELECT generate_series(1, 1000)`);
});
afterAll(() => warehouse.close());

const assertion = (name: string, sql: string, severity: Assertion['severity'] = 'error'): Assertion => ({
  name,
  sql,
  file: `sql/checks/${name}.sql`,
  severity,
});

const NEGATIVE = `
  -- of this hour only
  SELECT id, amount, note FROM analytics.orders
  WHERE amount < 0 AND at >= :interval_start AND at < :interval_end ORDER BY id;`;
const HOLDS = assertion('ids', 'SELECT 1 FROM analytics.orders WHERE id IS NULL');

interface Options {
  readonly blocking?: boolean;
  readonly revision?: number;
  readonly attempt?: number;
  readonly tools?: StageTools;
}

function check(assertions: readonly Assertion[], options: Options = {}): Promise<StageOutput> {
  const { blocking = true, tools = toolsOf(warehouse), ...rest } = options;
  const work = { kind: 'check', from: ORDERS, blocking, assertions } as const;
  return checkStage(runOf({ work, output: `${ORDERS}$stage`, timelabel: L8, ...rest }), tools);
}

describe('a check', () => {
  test('whose assertions hold passes, with a row for each of them', async () => {
    expect(await check([HOLDS, assertion('label', "SELECT 1 WHERE :timelabel <> '20010105080000'")])).toEqual(
      {
        rows: 2,
        bytes: null,
        uri: null,
        columns: null,
        checks: [
          { name: 'ids', severity: 'error', violations: 0, sample: [] },
          { name: 'label', severity: 'error', violations: 0, sample: [] },
        ],
      },
    );
  });

  test('with a violated warning passes, and shows the rows of its interval', async () => {
    const output = await check([assertion('negative', NEGATIVE, 'warn'), HOLDS]);
    expect(output.rows).toBe(2);
    expect(output.checks).toEqual([
      {
        name: 'negative',
        severity: 'warn',
        violations: 2,
        sample: [
          'id = 2, amount = -3.50, note = NULL',
          expect.stringMatching(/^id = 90071992547409\d\d, amount = -1\.00, note = big$/),
        ],
      },
      { name: 'ids', severity: 'error', violations: 0, sample: [] },
    ]);
  });

  test('counts all rows and shows five, each cut to a readable length', async () => {
    const wide = "SELECT id, repeat('😀', 1000) AS face FROM analytics.many ORDER BY id";
    const [result] = (await check([assertion('wide', wide, 'warn')])).checks ?? [];
    expect(result?.violations).toBe(1000);
    expect(result?.sample).toHaveLength(5);
    for (const row of result?.sample ?? []) {
      expect(row).toMatch(/^id = \d, face = 😀+/);
      expect(row.isWellFormed()).toBe(true);
      expect(row.length).toBeLessThan(310);
    }
  });

  test('that is violated fails after all assertions ran, names each with its rows, and says what to do', async () => {
    const assertions = [
      assertion('negative', NEGATIVE),
      HOLDS,
      assertion('many', 'SELECT id FROM analytics.many ORDER BY id'),
      assertion('notes', 'SELECT id FROM analytics.orders WHERE note IS NULL', 'warn'),
    ];
    const failed = check(assertions);
    await expect(failed).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: {
        quarantined: 'true',
        dataset: ORDERS,
        timelabel: L8,
        violated: 'negative, many',
        warned: 'notes',
        'violations.negative': 2,
        'violations.many': 1000,
        'violations.notes': 1,
      },
    });
    await expect(failed).rejects.toThrow(
      'Check test.stage holds back warehouse.analytics.orders 20010105080000: negative found 2 rows, many found 1000 rows, notes found 1 row (a warning). ' +
        'Repair the data and run the check again: reefline run test.stage 20010105080000. ' +
        'Or decide about the data as it is: reefline release warehouse.analytics.orders 20010105080000 --reason "…" lets it pass, ' +
        'reefline reject warehouse.analytics.orders 20010105080000 --reason "…" gives it up. ' +
        'First rows: negative: id = 2, amount = -3.50, note = NULL; many: id = 1; notes: id = 2.',
    );
  });

  test('that does not block fails without a quarantine', async () => {
    const failed = check([assertion('negative', NEGATIVE)], { blocking: false });
    await expect(failed).rejects.toThrow(
      /^Check test\.stage found violations in warehouse\.analytics\.orders 20010105080000: negative/,
    );
    await expect(failed).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { dataset: ORDERS, timelabel: L8, violated: 'negative', 'violations.negative': 2 },
    });
    await expect(failed).rejects.not.toHaveProperty('facts.quarantined');
    await expect(failed).rejects.not.toThrow(/release/);
  });

  test('that was repaired passes at its next revision', async () => {
    await warehouse.query('CREATE TABLE analytics.repaired AS SELECT 1 AS id');
    const assertions = [assertion('empty', 'SELECT id FROM analytics.repaired')];
    await expect(check(assertions)).rejects.toMatchObject({ facts: { violated: 'empty' } });
    await warehouse.query('DELETE FROM analytics.repaired');
    await expect(check(assertions, { revision: 2 })).resolves.toMatchObject({ rows: 1 });
  });

  test.each([
    ['a syntax error', 'SELECT FROM WHERE', 'invalid_config'],
    ['an unknown table', 'SELECT * FROM analytics.nothing', 'not_found'],
    ['an unknown column', 'SELECT colour FROM analytics.orders', 'invalid_config'],
    [
      'values that SQL cannot compute',
      'SELECT 1 FROM analytics.orders WHERE 1 / (id - id) > 0',
      'data_error',
    ],
  ])('with %s fails, which is no violation, and names assertion and file', async (_, sql, failureClass) => {
    const failed = check([HOLDS, assertion('broken', sql), assertion('negative', NEGATIVE)]);
    await expect(failed).rejects.toMatchObject({ failureClass });
    await expect(failed).rejects.toThrow(/broken.*sql\/checks\/broken\.sql/);
    await expect(failed).rejects.not.toHaveProperty('facts.violated');
  });

  test('whose rows cannot be shown is violated nevertheless', async () => {
    const sql = 'SELECT id, 1 / (id - id) AS broken FROM analytics.many';
    const failed = check([assertion('hidden', sql)]);
    await expect(failed).rejects.toMatchObject({
      facts: { violated: 'hidden', 'violations.hidden': 1000 },
    });
    await expect(failed).rejects.toThrow(/hidden: \(cannot be shown: .*division by zero/);
  });
});

describe('a check that is killed', () => {
  const slow = (table: string): readonly Assertion[] => [
    HOLDS,
    assertion('slow', `SELECT id FROM analytics.${table}`, 'warn'),
  ];

  test('while it counts leaves the statement running, and the next attempt attaches to it', async () => {
    await warehouse.query('CREATE TABLE analytics.slow_count AS SELECT 1 AS id');
    await warehouse.query('BEGIN; LOCK TABLE analytics.slow_count IN ACCESS EXCLUSIVE MODE');
    let submitted: string[] = [];
    const first = {
      ...toolsOf(warehouse),
      heartbeat: (details: unknown) => {
        submitted = idsOf([details]);
        if (submitted.length > 0) throw new Error('killed');
      },
    };
    await expect(check(slow('slow_count'), { tools: first })).rejects.toThrow('killed');
    const attempts = [undefined, { id: submitted[0], failed: 0 }].map((lastHeartbeat) => {
      const tools = toolsOf(warehouse, { lastHeartbeat });
      return { tools, output: check(slow('slow_count'), { tools, attempt: 2 }) };
    });
    for (const { tools } of attempts) {
      await eventually(() => {
        expect(idsOf(tools.heartbeats)).toEqual(submitted);
      });
    }
    await warehouse.query('COMMIT');
    for (const { output } of attempts) {
      await expect(output).resolves.toMatchObject({
        checks: [{ violations: 0 }, { violations: 1, sample: ['id = 1'] }],
      });
    }
  });

  test('after it counted says the same again', async () => {
    await warehouse.query('CREATE TABLE analytics.counted AS SELECT 1 AS id');
    const first = toolsOf(warehouse);
    const output = await check(slow('counted'), { tools: first });
    for (const lastHeartbeat of [undefined, first.heartbeats.at(-1), 'something else']) {
      const tools = toolsOf(warehouse, { lastHeartbeat });
      await expect(check(slow('counted'), { tools, attempt: 2 })).resolves.toEqual(output);
    }
  });

  test('by a cancellation cancels the statement, and a later attempt counts anew', async () => {
    await warehouse.query('CREATE TABLE analytics.cancelled AS SELECT 1 AS id');
    await warehouse.query('BEGIN; LOCK TABLE analytics.cancelled IN ACCESS EXCLUSIVE MODE');
    const stop = new AbortController();
    const first = toolsOf(warehouse, { signal: stop.signal });
    const cancelled = check(slow('cancelled'), { tools: first });
    await eventually(() => {
      expect(idsOf(first.heartbeats)).toHaveLength(1);
    });
    stop.abort(new Error('the run was cancelled'));
    await expect(cancelled).rejects.toThrow('the run was cancelled');
    await warehouse.query('COMMIT');
    const second = toolsOf(warehouse, { lastHeartbeat: first.heartbeats.at(-1) });
    await expect(check(slow('cancelled'), { tools: second, attempt: 2 })).resolves.toMatchObject({ rows: 2 });
    expect(idsOf(second.heartbeats)).not.toEqual(idsOf(first.heartbeats));
  });
});

/** The statements that heartbeats name, each once. */
function idsOf(heartbeats: readonly unknown[]): string[] {
  const ids = heartbeats.flatMap((details) => {
    const id = (details as { id?: string } | null)?.id;
    return id === undefined ? [] : [id];
  });
  return [...new Set(ids)];
}
