import { describe, expect, test } from '@jest/globals';
import { describeProject } from '../../cli/validate-lines.ts';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { check, CHECKS, ORDERS, RESULT, shopWith, UNIQUE } from '../support/check-files.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';

async function projectOf(files: ProjectFiles): Promise<Project> {
  const reading = await withProject(files, readProject);
  if ('problems' in reading) throw new Error(reading.problems.map(formatProblem).join('\n'));
  return reading.project;
}

function stageOf(project: Project, id: string): StageDefinition {
  const stage = project.stages.find((each) => each.id === id);
  if (stage === undefined) throw new Error(`There is no stage ${id}.`);
  return stage;
}

/** `all warehouse.analytics.orders` or, of a gate, `all result for dataset`. */
function inputsOf(project: Project, id: string): readonly string[] {
  return stageOf(project, id).inputs.map(
    ({ window, dataset, gate }) => `${window} ${dataset}${gate === undefined ? '' : ` for ${gate}`}`,
  );
}

/** What `reefline validate` shows, without its line breaks. */
function shownText(project: Project): string {
  return describeProject(project).replaceAll(/\s+/g, ' ');
}

describe('a check', () => {
  test('has its assertions, its own result beside the dataset, and the period of the dataset', async () => {
    const assert =
      '[ { no_negative: { sql: "select * from analytics.orders where price < 0", severity: warn } }, { unique_ids: sql/checks/unique_ids.sql }, { again: { file: sql/checks/unique_ids.sql } } ]';
    const project = await projectOf(
      shopWith([
        check(', blocking: true, timeout: 5m, attempts: 2', assert),
        check().replace('orders:', 'twice:'),
      ]),
    );
    expect(JSON.parse(JSON.stringify(project))).toStrictEqual(project);
    expect(stageOf(project, 'checks.check_orders')).toStrictEqual({
      id: 'checks.check_orders',
      pipeline: 'checks',
      name: 'check_orders',
      output: RESULT,
      period: '1h',
      inputs: [{ dataset: ORDERS, period: '1h', window: 'same', on: ['SUCCESS'] }],
      work: {
        kind: 'check',
        from: ORDERS,
        blocking: true,
        assertions: [
          {
            name: 'no_negative',
            sql: 'select * from analytics.orders where price < 0',
            file: CHECKS,
            severity: 'warn',
          },
          { name: 'unique_ids', sql: UNIQUE, file: 'sql/checks/unique_ids.sql', severity: 'error' },
          { name: 'again', sql: UNIQUE, file: 'sql/checks/unique_ids.sql', severity: 'error' },
        ],
      },
      timeoutSeconds: 300,
      maxAttempts: 2,
    });
    expect(stageOf(project, 'checks.check_twice').work).toMatchObject({ blocking: false });
  });

  test('of a dataset from outside is triggered by it, and what its SQL reads besides are inputs or static', async () => {
    const assert =
      '[ { known: { sql: "select f.* from partners.fares f left join marts.daily_revenue d on true left join geo.zones z on true" } }, { orders: { sql: "select * from analytics.orders where created_at < :interval_end" } } ]';
    const project = await projectOf(
      shopWith([`check_fares: { check: warehouse.partners.fares, assert: ${assert}, static: [geo.zones] }`]),
    );
    expect(stageOf(project, 'checks.check_fares').period).toBe('1d');
    expect(inputsOf(project, 'checks.check_fares')).toEqual([
      'same warehouse.partners.fares',
      'same warehouse.marts.daily_revenue',
      `all ${ORDERS}`,
    ]);
  });

  test('that does not block may be rarer than what it checks', async () => {
    const project = await projectOf(shopWith([check(', every: 1d')]));
    expect(inputsOf(project, 'checks.check_orders')).toEqual([`all ${ORDERS}`]);
  });

  test('is shown with the number of its assertions and whether it blocks', async () => {
    const text = describeProject(
      await projectOf(shopWith([check(', blocking: true'), check().replace('orders:', 'twice:')])),
    );
    expect(text).toMatch(
      /check_orders +check +1h .*\s+after warehouse\.analytics\.orders, 1 assertion, blocking\n/,
    );
    expect(text).toMatch(/check_twice +check +1h .*\s+after warehouse\.analytics\.orders, 1 assertion\n/);
  });
});

describe('the dependents of a dataset', () => {
  test('wait for its blocking checks, in all pipelines, with the window of their input; others wait for nobody', async () => {
    const project = await projectOf(
      shopWith(
        [
          check(', blocking: true'),
          check(', blocking: true').replace('orders:', 'more:'),
          check().replace('orders:', 'quietly:'),
          `newest: { transform: sql/newest.sql, to: warehouse.marts.newest, mode: replace, schedule: "10 * * * *", inputs: { ${ORDERS}: { window: as_of } } }`,
          `check_revenue: { check: warehouse.marts.daily_revenue, assert: [ { sums: { sql: "select 1 from analytics.orders" } } ] }`,
        ],
        { 'sql/newest.sql': 'select max(id) from analytics.orders' },
      ),
    );
    const gates = (window: string): string[] => [
      `${window} ${RESULT} for ${ORDERS}`,
      `${window} ${ORDERS}$check_more for ${ORDERS}`,
    ];
    expect(inputsOf(project, 'orders.daily_revenue')).toEqual([
      `all ${ORDERS}`,
      'same warehouse.partners.fares',
      ...gates('all'),
    ]);
    expect(inputsOf(project, 'checks.newest')).toEqual([`as_of ${ORDERS}`, ...gates('as_of')]);
    expect(inputsOf(project, 'checks.check_revenue')).toEqual([
      'same warehouse.marts.daily_revenue',
      `all ${ORDERS}`,
      ...gates('all'),
    ]);
    for (const id of ['checks.check_orders', 'checks.check_more', 'checks.check_quietly'])
      expect(inputsOf(project, id)).toEqual([`same ${ORDERS}`]);
    expect(inputsOf(project, 'orders.push_revenue')).toEqual(['same warehouse.marts.daily_revenue']);
    const gate = stageOf(project, 'orders.daily_revenue').inputs.find(({ dataset }) => dataset === RESULT);
    expect(gate).toStrictEqual({
      dataset: RESULT,
      period: '1h',
      window: 'all',
      on: ['SUCCESS'],
      gate: ORDERS,
    });
  });

  test('are held in their publications too, and a check reads what it needs behind other checks', async () => {
    const project = await projectOf(
      shopWith([
        'check_revenue: { check: warehouse.marts.daily_revenue, blocking: true, assert: [ { sums: { sql: "select 1 from partners.fares" } } ] }',
        'check_fares: { check: warehouse.partners.fares, blocking: true, assert: [ { any: { sql: "select 1 from partners.fares" } } ] }',
      ]),
    );
    expect(inputsOf(project, 'orders.push_revenue')).toEqual([
      'same warehouse.marts.daily_revenue',
      'same warehouse.marts.daily_revenue$check_revenue for warehouse.marts.daily_revenue',
    ]);
    expect(inputsOf(project, 'checks.check_revenue')).toEqual([
      'same warehouse.marts.daily_revenue',
      'same warehouse.partners.fares',
      'same warehouse.partners.fares$check_fares for warehouse.partners.fares',
    ]);
  });

  test('that take failures as well are not held, because a check never runs for a failed label', async () => {
    const on = (outcomes: string): Promise<Project> =>
      projectOf({
        ...shopWith([check(', blocking: true')]),
        'pipelines/orders.yaml': (SHOP_PROJECT['pipelines/orders.yaml'] ?? '').replace(
          'mode: append',
          `mode: append, inputs: { ${ORDERS}: { on: ${outcomes} } }`,
        ),
      });
    const unheld = `not held by check checks.check_orders, because it also takes failures of ${ORDERS}`;
    for (const outcomes of ['[SUCCESS, FAILURE]', '[FAILURE]', '[SUCCESS, MISSING]', '[QUARANTINED]']) {
      const project = await on(outcomes);
      expect([outcomes, inputsOf(project, 'orders.daily_revenue').length]).toEqual([outcomes, 2]);
      expect(shownText(project)).toContain(unheld);
    }
    for (const outcomes of [
      '[SUCCESS]',
      '[EMPTY]',
      '[SUCCESS, SKIPPED]',
      '[SUCCESS, LATE]',
      '[LATE, SKIPPED]',
    ]) {
      const project = await on(outcomes);
      expect([outcomes, inputsOf(project, 'orders.daily_revenue').at(-1)]).toEqual([
        outcomes,
        `all ${RESULT} for ${ORDERS}`,
      ]);
      expect(shownText(project)).not.toContain('not held');
    }
  });
});
