import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProject } from '../../config/project.ts';
import type { Project } from '../../pipeline/project.ts';
import { checkPage } from '../support/checked-page.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';
import { type HistoricInput, openRunHistory, type RunHistory } from '../support/run-history.ts';

let history: RunHistory;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reefline-docs-'));
  history = await openRunHistory('clidocs', await shopProject());
  await addDays();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await history.close();
});

async function shopProject(): Promise<Project> {
  return withProject(SHOP_PROJECT, async (dir) => {
    const reading = await readProject(dir);
    if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
    return reading.project;
  });
}

/** Hours from 06:00 that went through, one whose fetch failed, and days that are made of them. */
async function addDays(): Promise<void> {
  const staged = (timelabel: string, eventId: string): HistoricInput => ({
    dataset: 'lake.shop.orders',
    timelabel,
    revision: 1,
    eventId,
  });
  for (const [at, hour] of ['06', '07', '08', '09', '10'].entries()) {
    const timelabel = `20200303${hour}0000`;
    const rows = 120_443 + 997 * at;
    const fetched = await history.add({
      stage: 'fetch_orders',
      timelabel,
      status: 'SUCCESS',
      trigger: 'schedule',
      rows,
    });
    const inputs = [staged(timelabel, fetched)];
    await history.add({ stage: 'register_orders', timelabel, status: 'SUCCESS', rows, inputs });
    await history.add({ stage: 'load_orders', timelabel, status: 'SUCCESS', rows, inputs });
  }
  const error = {
    class: 'unauthorized',
    message:
      'PostgreSQL "shop" at db.internal:5432 could not extract public.orders: permission denied for table orders (42501)',
    facts: {},
  };
  await history.add({
    stage: 'fetch_orders',
    timelabel: '20200303110000',
    status: 'FAILURE',
    trigger: 'schedule',
    error,
    rows: 0,
  });
  await history.add({ stage: 'daily_revenue', timelabel: '20200302000000', status: 'SUCCESS', rows: 1 });
  await history.add({ stage: 'push_revenue', timelabel: '20200302000000', status: 'SUCCESS', rows: 1 });
  const lacks = ['warehouse.analytics.orders', '20200303110000'] as const;
  await history.add({ stage: 'daily_revenue', timelabel: '20200303000000', status: 'WAITING', lacks });
  await history.db.query(
    `insert into reefline.run_note (stage, timelabel, revision, decision, reason, noted_at)
     values ('orders.fetch_orders', '20200303110000', 1, 'opened', 'schedule, with all its inputs', '2020-03-03T12:10:00Z')`,
  );
  await history.db.query(
    `insert into reefline.verdict (event_id, stage, timelabel, verdict, reason, config_version)
     select 'orders.fetch_orders/20200303100000/r1', stage, '20200303100000', 'started', 'opened revision 1', 1
       from unnest('{orders.load_orders,orders.register_orders}'::text[]) stage`,
  );
  await history.db.query(
    `insert into reefline.delivery (endpoint, seq, event_id, dataset, status, attempts, delivered_at, message_id, first_attempt_at, last_attempt_at)
     values ('customers', 1, 'orders.fetch_orders/20200303100000/r1', 'lake.shop.orders', 'delivered', 1, '2020-03-03T12:04:00Z', '5fea7756-0ea4-451a-a703-a558b933e274', '2020-03-03T12:04:00Z', '2020-03-03T12:04:00Z')`,
  );
  await history.db.query(
    `insert into reefline.delivery (endpoint, seq, event_id, dataset, status, attempts, error_class, last_error, first_attempt_at, last_attempt_at)
     values ('customers', 2, 'orders.load_orders/20200303100000/r1', 'warehouse.analytics.orders', 'dead', 1, 'rejected', 'InvalidMessageContents', '2020-03-03T12:04:00Z', '2020-03-03T12:04:00Z')`,
  );
  const orders = ['id int64', 'amount float64', 'updated_at timestamp'].map((column) => {
    const [name, kind] = column.split(' ');
    return {
      name,
      nullable: name !== 'id',
      type: { kind, ...(kind === 'timestamp' ? { zoned: true } : {}) },
    };
  });
  await history.db.query(
    `insert into reefline.dataset_schema (dataset, version, columns, timelabel, revision, seen_at) values
       ('warehouse.analytics.orders', 1, $1, '20200303060000', 1, '2020-03-03T07:12:00Z'),
       ('warehouse.analytics.orders', 2, $2, '20200303090000', 1, '2020-03-03T10:12:00Z')`,
    [orders, [...orders, { name: 'note', nullable: true, type: { kind: 'text' } }]].map((one) =>
      JSON.stringify(one),
    ),
  );
  await history.db.query(
    `insert into reefline.rejected_event (fingerprint, router, field, reason, raw, last_received_at)
     values ('f', 'orders', 'timelabel', 'The timelabel 20200303113000 is not the start of an interval of lake.shop.orders, whose labels cover 1h each.',
             '{"event_type":"data","type":"s3","schema":"shop","table":"orders","timelabel":"20200303113000","status":"SUCCESS"}', '2020-03-03T12:41:07Z')`,
  );
}

const WITH_ON_CALL = {
  ...SHOP_PROJECT,
  'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace(
    'endpoints:\n',
    'endpoints:\n  on_call: { kind: sqs, queueUrl: "${env:ON_CALL_QUEUE_URL}", on: [FAILURE], schemas: { deny: [tmp_*] } }\n',
  ),
};

/** What a documented command prints in the folder of a project. */
async function printed(line: string): Promise<string> {
  const argv = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
  const placed = argv[0] === 'init' ? ['init', join(folder, 'my-project')] : argv;
  return withProject(WITH_ON_CALL, async (dir) => {
    const readsFiles = ['validate', 'endpoint'].includes(placed[0] ?? '');
    const { stdout, stderr } = await history.reefline(readsFiles ? [...placed, dir] : placed);
    expect(stderr).toBe('');
    return stdout.replaceAll(`${folder}/`, '');
  });
}

test('the checked examples of the page print what the page says', async () => {
  const page = new URL('../../docs/cli.md', import.meta.url);
  const print = (command: string): Promise<string> => printed(command.replace(/^reefline /, ''));
  expect(await checkPage({ page, print })).toBeGreaterThan(8);
});
