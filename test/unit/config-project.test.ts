import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../config/project.ts';
import { secretReferences } from '../../config/secret-reference.ts';
import { validate } from '../../cli/validate.ts';
import type { Project } from '../../pipeline/project.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';

async function projectOf(files: ProjectFiles): Promise<Project> {
  const reading = await withProject(files, readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems, undefined, 1));
  return reading.project;
}

function edited(file: string, ...edits: readonly (readonly [find: string, put: string])[]): ProjectFiles {
  let text = SHOP_PROJECT[file] ?? '';
  for (const [find, put] of edits) {
    expect(text).toContain(find);
    text = text.replace(find, () => put);
  }
  return { ...SHOP_PROJECT, [file]: text };
}

async function run(files: ProjectFiles, json = false): Promise<{ code: number; text: string }> {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  const code = await withProject(files, (dir) => validate(dir, out, { json }));
  return { code, text };
}

const ORDERS = 'pipelines/orders.yaml';

describe('a project', () => {
  test('is complete, and JSON only', async () => {
    const project = await projectOf(SHOP_PROJECT);
    expect(JSON.parse(JSON.stringify(project))).toStrictEqual(project);
    expect(project.pipelines).toEqual(['orders']);
    expect(project.endpoints).toEqual([
      { name: 'customers', kind: 'sqs', queueUrl: '${env:CUSTOMER_QUEUE_URL}' },
    ]);
    expect(project.datasets).toEqual([
      { dataset: 'warehouse.partners.fares', period: '1d', type: 'redshift' },
    ]);
    expect(project.connections['lake']).toEqual({ kind: 's3', bucket: 'acme-lake', prefix: 'stage' });
  });

  test('names the events of an endpoint as its filter means them, and its pauses and limits in seconds', async () => {
    const filter =
      'events: [data], schemas: [marts], tables: { allow: [revenue_*], deny: ["re:.*_[0-9]+"] }, pipelines: [orders], maxAge: 7d, giveUpAfter: 2h, retry: { first: 5s, longest: 10m, takeOver: 30s }, health: { failedCalls: 5, failingAfter: 2m, lateAfter: 1h, wellAfter: 90s }';
    const project = await projectOf(
      edited('reefline.yaml', ['"${env:CUSTOMER_QUEUE_URL}" }', `"\${env:CUSTOMER_QUEUE_URL}", ${filter} }`]),
    );
    expect(project.endpoints).toEqual([
      {
        name: 'customers',
        kind: 'sqs',
        queueUrl: '${env:CUSTOMER_QUEUE_URL}',
        events: ['data'],
        schemas: { allow: ['marts'] },
        tables: { allow: ['revenue_*'], deny: ['re:.*_[0-9]+'] },
        pipelines: ['orders'],
        maxAgeSeconds: 604_800,
        giveUpSeconds: 7200,
        retry: { firstSeconds: 5, longestSeconds: 600, takeOverSeconds: 30 },
        health: { failedCalls: 5, failingSeconds: 120, lateSeconds: 3600, wellSeconds: 90 },
      },
    ]);
  });

  test('reads from MySQL as from PostgreSQL, and says what becomes of zero dates', async () => {
    const mysql = edited('reefline.yaml', [
      'shop:      { kind: postgres, url: "${env:SHOP_URL}" }',
      'shop:      { kind: mysql, url: "${env:SHOP_URL}", concurrency: 2 }',
    ]);
    const orders =
      edited(ORDERS, ['cursor: created_at', 'cursor: created_at, zero_dates: as_null'])[ORDERS] ?? '';
    const { connections, stages } = await projectOf({ ...mysql, [ORDERS]: orders });
    expect(connections['shop']).toEqual({ kind: 'mysql', url: '${env:SHOP_URL}', concurrency: 2 });
    expect(stages[0]?.work).toMatchObject({
      kind: 'extract',
      from: 'shop.public.orders',
      zeroDates: 'as_null',
    });
  });

  test('reads a large table with as many connections as the stage says', async () => {
    const files = edited(ORDERS, [
      'mode: incremental_append, cursor: created_at',
      'mode: snapshot, parallel: 4',
    ]);
    const { stages } = await projectOf(files);
    expect(stages[0]?.work).toMatchObject({ mode: 'snapshot', parallel: 4 });
  });

  test('finds deleted rows where it is asked to, up to a limit', async () => {
    const files = edited(ORDERS, [
      'mode: incremental_append, cursor: created_at',
      'mode: incremental_update, cursor: created_at, key: [id], detect_deletes: true, max_deleted: 20%',
    ]);
    const { stages } = await projectOf(files);
    expect(stages[0]?.work).toMatchObject({ detectDeletes: true, maxDeleted: { percent: 20 } });
  });

  test('gets its inputs, periods and windows from the data, not from a hand-written graph', async () => {
    const { stages } = await projectOf(SHOP_PROJECT);
    expect(
      stages.map(({ id, period, inputs }) => [
        id,
        period,
        inputs.map(({ dataset, window }) => `${window} ${dataset}`),
      ]),
    ).toEqual([
      ['orders.fetch_orders', '1h', []],
      ['orders.register_orders', '1h', ['same lake.shop.orders']],
      ['orders.load_orders', '1h', ['same lake.shop.orders']],
      ['orders.daily_revenue', '1d', ['all warehouse.analytics.orders', 'same warehouse.partners.fares']],
      ['orders.push_revenue', '1d', ['same warehouse.marts.daily_revenue']],
    ]);
  });

  test('keeps schedules with bounds, timeouts, attempts and overrides', async () => {
    const { stages } = await projectOf(
      edited(
        ORDERS,
        ['"10 * * * *"', '{ cron: "10 * * * *", until: "2001-02-01T00:00:00Z" }, timeout: 30m, attempts: 7'],
        [
          'mode: append',
          'mode: append, inputs: { warehouse.partners.fares: { window: as_of, on: [SUCCESS, FAILURE] } }',
        ],
      ),
    );
    expect(stages[0]).toMatchObject({
      schedule: { cron: '10 * * * *', until: '2001-02-01T00:00:00Z' },
      timeoutSeconds: 1800,
      maxAttempts: 7,
    });
    expect(stages[3]?.inputs[1]).toEqual({
      dataset: 'warehouse.partners.fares',
      period: '1d',
      window: 'as_of',
      on: ['SUCCESS', 'FAILURE'],
    });
  });

  test('publishes the rows of the label, and all rows of a replaced or an outside table', async () => {
    const rows = async (files: ProjectFiles): Promise<unknown> => (await projectOf(files)).stages[4]?.work;
    expect(await rows(SHOP_PROJECT)).toMatchObject({ kind: 'publish', rows: 'label' });
    expect(await rows(edited(ORDERS, ['mode: append', 'mode: replace']))).toMatchObject({ rows: 'all' });
    const outside = edited(ORDERS, [
      'publish: warehouse.marts.daily_revenue',
      'publish: warehouse.partners.fares',
    ]);
    expect(await rows(outside)).toMatchObject({ rows: 'all' });
  });

  test('lets a transform read its own output and static tables without waiting for them', async () => {
    const files = edited(ORDERS, ['mode: append', 'mode: append, static: [geo.zones]']);
    const sql = `${SHOP_PROJECT['sql/daily_revenue.sql'] ?? ''} union select * from marts.daily_revenue join GEO.zones on true join dev.analytics.ORDERS on true`;
    const { stages } = await projectOf({ ...files, 'sql/daily_revenue.sql': sql });
    expect(stages[3]?.inputs.map(({ dataset }) => dataset)).toEqual([
      'warehouse.analytics.orders',
      'warehouse.partners.fares',
    ]);
  });

  test('reaches across pipelines, in whatever order the files are read', async () => {
    const { stages, pipelines } = await projectOf({
      ...SHOP_PROJECT,
      'pipelines/a_first.yaml':
        'pipeline: first\nstages:\n  - weekly: { transform: sql/weekly.sql, to: warehouse.marts.weekly, every: 1w, mode: replace }\n',
      'sql/weekly.sql': 'select sum(revenue) from marts.daily_revenue',
    });
    expect(pipelines).toEqual(['first', 'orders']);
    expect(stages[0]?.inputs).toEqual([
      { dataset: 'warehouse.marts.daily_revenue', period: '1d', window: 'all', on: ['SUCCESS'] },
    ]);
  });

  test('names every secret with all its uses, and no value', async () => {
    const project = await projectOf(edited('reefline.yaml', ['${env:SERVING_URL}', '${env:SHOP_URL}']));
    expect(secretReferences(project)).toEqual([
      { name: 'CUSTOMER_QUEUE_URL', usedBy: ['endpoints.customers.queueUrl'] },
      { name: 'SHOP_URL', usedBy: ['connections.shop.url', 'connections.serving.url'] },
    ]);
  });
});

describe('validate', () => {
  test('prints what it understood of each stage', async () => {
    const { code, text } = await run(SHOP_PROJECT);
    expect(code).toBe(0);
    expect(text.split('\n')).toEqual([
      'orders',
      '  fetch_orders     extract    1h  -> lake.shop.orders               every hour at minute 10',
      '  register_orders  register   1h  -> catalog.shop.orders            after lake.shop.orders',
      '  load_orders      load       1h  -> warehouse.analytics.orders     after lake.shop.orders',
      '  daily_revenue    transform  1d  -> warehouse.marts.daily_revenue',
      '      after all 1h of warehouse.analytics.orders and warehouse.partners.fares',
      '  push_revenue     publish    1d  -> serving.public.daily_revenue   after warehouse.marts.daily_revenue',
      '',
      'Workers need in their environment: CUSTOMER_QUEUE_URL, SERVING_URL, SHOP_URL',
      '5 stages in 1 pipeline: no problems',
      '',
    ]);
  });

  test('prints all problems by file, a count, and ends with 2', async () => {
    const files = {
      ...edited(ORDERS, [', cursor: created_at', ''], ['mode: merge', 'mode: append']),
      'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace('acme-lake, prefix', 'acme-lake, prefx'),
    };
    const { code, text } = await run(files);
    expect(code).toBe(2);
    expect(text.split('\n')).toEqual([
      'pipelines/orders.yaml:3:22  stages.fetch_orders.cursor: incremental_append needs a cursor. Add cursor: with the timestamp or date column that places a row in an interval.',
      'pipelines/orders.yaml:5:94  stages.load_orders.key: mode append has no key. Remove key, or use mode merge.',
      '',
      'reefline.yaml:3:45  connections.lake.prefx: this key is not known. Did you mean prefix?',
      '',
      '3 problems in 2 files',
      '',
    ]);
  });

  test('prints one JSON object on request', async () => {
    const good = await run(SHOP_PROJECT, true);
    expect(JSON.parse(good.text)).toMatchObject({
      ok: true,
      project: { pipelines: ['orders'] },
      secrets: [{}, {}, {}],
    });
    const bad = await run({}, true);
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.text)).toMatchObject({
      ok: false,
      problems: [{ problem: 'the file is missing' }, { problem: 'the project has no pipelines' }],
    });
  });
});

describe('the number of routers of a pipeline', () => {
  const withRouters = (text: string): ProjectFiles =>
    edited(ORDERS, ['pipeline: orders', `pipeline: orders\nrouters: ${text}`]);

  test('is in the project, and absent when it is not more than one: such projects are stored as before', async () => {
    expect((await projectOf(withRouters('16'))).routers).toEqual({ orders: 16 });
    expect(JSON.stringify(await projectOf(withRouters('1')))).toBe(
      JSON.stringify(await projectOf(SHOP_PROJECT)),
    );
    expect('routers' in (await projectOf(SHOP_PROJECT))).toBe(false);
  });

  test('is told by what was understood of the project', async () => {
    expect((await run(withRouters('4'))).text).toMatch(/^orders, with 4 routers\n/);
    expect((await run(withRouters('1'))).text).toMatch(/^orders\n/);
  });

  test.each(['0', '17', '-2', '2.5', '"4"', 'many', '[2]', '~', 'true'])(
    'is refused with its line and the numbers that it may be: %s',
    async (text) => {
      expect(await withProject(withRouters(text), readProject)).toMatchObject({
        problems: [
          {
            ...{ file: ORDERS, line: 2, field: 'routers' },
            problem: 'this is no number of routers',
            cure: 'write a whole number from 1 to 16',
          },
        ],
      });
    },
  );
});

describe('the JSON Schemas', () => {
  const root = new URL('../../', import.meta.url);

  test('that are committed are those of the code', async () => {
    await promisify(execFile)(process.execPath, ['scripts/write-schema.ts', '--check'], { cwd: root });
  });

  test.each(['reefline', 'pipeline'])('describe every field of %s', async (name) => {
    const schema: unknown = JSON.parse(await readFile(new URL(`schema/${name}.schema.json`, root), 'utf8'));
    expect(fieldsWithoutDescription(schema, name)).toEqual([]);
  });
});

function fieldsWithoutDescription(node: unknown, path: string): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    const inner = fieldsWithoutDescription(value, `${path}.${key}`);
    if (key !== 'properties' || typeof value !== 'object' || value === null) return inner;
    const bare = Object.entries(value).filter(
      ([, field]: [string, unknown]) => !JSON.stringify(field).includes('"description"'),
    );
    return [...bare.map(([field]) => `${path}.${field}`), ...inner];
  });
}
