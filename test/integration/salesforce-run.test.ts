import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { publishStage } from '../../activities/stages/publish.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { StageRun } from '../../activities/stages/runner.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { projectOf } from '../support/project.ts';
import { WAREHOUSES, type PublishedAccounts } from '../support/published-accounts.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';
import { jobsMade, jobStates, L8, L9, OUTPUT } from '../support/salesforce-source.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const SOURCE = 'warehouse.marts.accounts';
const LABEL = '20010105000000';

let warehouse: TestWarehouse;
let crm: TestOrg;
let engine: Engine;
const attempts: number[] = [];

beforeAll(async () => {
  warehouse = await openTestWarehouse('salesforce_run');
  crm = await openTestOrg();
  const work: PublishWork = {
    kind: 'publish',
    from: SOURCE,
    key: ['shop_id__c'],
    rows: 'all',
    maxFailedRows: 1,
  };
  const sketched = projectOf([
    { name: 'push', period: '1d', reads: [SOURCE], maxAttempts: 3, also: { output: OUTPUT, work } },
  ]);
  const project = {
    ...sketched,
    connections: { ...warehouse.connections, crm: crm.connection },
    datasets: [{ dataset: SOURCE, period: '1d', type: 'redshift' }] as const,
  };
  engine = await startEngine('salesforce-run', (run, tools) => {
    attempts.push(run.attempt);
    return publishStage(run as StageRun<PublishWork>, tools);
  });
  await engine.apply(project);
  await engine.startWorkers();
});
afterAll(async () => {
  await engine.close();
  await crm.close();
  await warehouse.close();
});

test('an event of the warehouse publishes its label; an attempt that lost the answer is followed by one that sends nothing', async () => {
  await warehouse.query(`CREATE SCHEMA marts; CREATE TABLE marts.accounts (shop_id__c int, name varchar(80));
    INSERT INTO marts.accounts VALUES (1, 'a'), (2, 'b'), (3, NULL)`);
  crm.org.interrupt('after', /^PATCH /);
  const event = {
    event_type: 'data',
    type: 'redshift',
    schema: 'marts',
    table: 'accounts',
    timelabel: LABEL,
  };
  await engine.client.workflow.signalWithStart('router', {
    workflowId: 'router/p',
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: [{ ...event, status: 'SUCCESS' }],
  });
  await eventually(async () => {
    const found = await engine.db.query<{ body: Record<string, unknown> }>(
      'select body from reefline.data_event where dataset = $1',
      [OUTPUT],
    );
    expect(found.rows.map(({ body }) => body)).toMatchObject([
      { type: 'publish', schema: 'sobjects', table: 'Account', timelabel: LABEL, status: 'SUCCESS', rows: 2 },
    ]);
  });
  expect(attempts).toEqual([1, 2]);
  expect(jobsMade(crm)).toBe(1);
  expect(jobStates(crm)).toEqual(['JobComplete']);
  expect(await crm.query('SELECT Name FROM Account ORDER BY Name')).toEqual([{ Name: 'a' }, { Name: 'b' }]);
  expect(await warehouse.query('SELECT row_key FROM reefline.failed_rows')).toEqual([{ row_key: '3' }]);
});

describe.each(Object.entries(WAREHOUSES))('publishing from %s', (_warehouse, open) => {
  let accounts: PublishedAccounts;
  let org: TestOrg;
  beforeAll(async () => {
    accounts = await open();
  });
  afterAll(() => accounts.close());
  beforeEach(async () => {
    org = await openTestOrg();
  });
  afterEach(() => org.close());

  interface Attempt {
    readonly revision?: number;
    readonly timelabel?: string;
    readonly lastHeartbeat?: unknown;
  }
  /** One attempt to publish a label into an object of the case's own name. */
  const publish = (connection: string, work: Partial<PublishWork>, attempt: Attempt = {}) => {
    const { lastHeartbeat, ...of } = attempt;
    const connections = { ...accounts.connections, [connection]: org.connection };
    const tools = toolsOf({ connections }, { lastHeartbeat });
    const complete: PublishWork = {
      ...{ kind: 'publish', from: accounts.from, key: ['shop_id'], rows: 'label' },
      fields: { shop_id: 'Shop_Id__c' },
      ...work,
    };
    const run = runOf({ work: complete, output: `${connection}.sobjects.Account`, timelabel: L8, ...of });
    return { tools, done: publishStage(run, tools) };
  };
  const messageOf = (done: Promise<unknown>): Promise<string> =>
    done.then(
      () => '',
      (error: unknown) => String(error),
    );

  test('sends values exactly and keeps the refused rows where the failure says; a re-run takes their place, and then nothing is sent again', async () => {
    const awkward = String.raw`O'Neil "the" \ $$ :x ; é 🐚`;
    await accounts.fill(
      [
        [1, awkward, 'gold'],
        [2, null, null],
        [3, 'c', String.raw`no 'such' \ $$ tier`],
      ],
      L8,
    );
    const refused = publish('a', { maxFailedRows: 1 });
    await expect(refused.done).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { failed: 2, sent: 3, tolerated: 1 },
    });
    const select = /SELECT row_key.*(?=\.$)/.exec(await messageOf(refused.done))?.[0] ?? '';
    const kept = () =>
      accounts.query(`${select.replace('error_code, error', 'error_code, sent')} ORDER BY row_key`);
    const bad = 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST';
    expect((await accounts.query(`${select} ORDER BY row_key`)).map(([key, code]) => [key, code])).toEqual([
      ['2', 'REQUIRED_FIELD_MISSING'],
      ['3', bad],
    ]);
    expect(JSON.parse(String((await kept())[1]?.[2]))).toMatchObject({
      Shop_Id__c: '3',
      Tier__c: String.raw`no 'such' \ $$ tier`,
    });
    const fields = 'Shop_Id__c, Name, Tier__c, Revenue__c, Active__c, Since__c, Seen__c';
    expect(await org.query(`SELECT ${fields} FROM Account`)).toEqual([
      {
        Shop_Id__c: '1',
        Name: awkward,
        Tier__c: 'gold',
        Revenue__c: 1.25,
        Active__c: true,
        Since__c: '2024-02-29',
        Seen__c: '2024-07-01T00:00:00.000+0000',
      },
    ]);
    await accounts.fill(
      [
        [1, awkward, 'gold'],
        [3, 'c', 'unknown'],
      ],
      L8,
    );
    await expect(publish('a', { maxFailedRows: 1 }).done).resolves.toMatchObject({ rows: 1 });
    expect((await kept()).map(([key, code]) => [key, code])).toEqual([['3', bad]]);
    const jobs = jobsMade(org);
    await expect(publish('a', {}).done).resolves.toMatchObject({ rows: 1 });
    expect({ jobs: jobsMade(org), kept: (await kept()).length }).toEqual({ jobs, kept: 1 });
    await expect(publish('a', { maxFailedRows: 1 }, { revision: 3 }).done).resolves.toMatchObject({
      rows: 1,
    });
    await expect(publish('a', {}, { revision: 2 }).done).resolves.toMatchObject({ rows: 1 });
    expect(jobsMade(org)).toBe(jobs + 1);
  });

  test('an attempt that dies before it has an answer is followed by one that sends nothing again', async () => {
    await accounts.fill(
      [
        [1, 'a', null],
        [2, null, null],
      ],
      L8,
    );
    org.org.interrupt('after', /^PATCH /);
    const first = publish('b', { maxFailedRows: 1 });
    await expect(first.done).rejects.toMatchObject({ failureClass: 'unavailable' });
    const lastHeartbeat = first.tools.heartbeats.at(-1);
    const second = publish('b', { maxFailedRows: 1 }, { lastHeartbeat });
    await expect(second.done).resolves.toMatchObject({ rows: 1 });
    expect(jobStates(org)).toEqual(['JobComplete']);
  });

  test('refuses keys that are missing or shared, and a label older than the newest of a whole table, before anything is sent', async () => {
    await accounts.fill(
      [
        [7, 'a', null],
        [7, 'b', null],
      ],
      L8,
    );
    await expect(publish('c', {}).done).rejects.toThrow(
      /\(shop_id\) = \(7\) appears in 2 rows of .*accounts/i,
    );
    await accounts.fill([[null, 'a', null]], L8);
    await expect(publish('c', {}).done).rejects.toMatchObject({
      failureClass: 'data_error',
      message: expect.stringContaining('(NULL) is NULL in a row'),
    });
    expect(jobsMade(org)).toBe(0);
    await accounts.fill([[8, 'a', null]], L8);
    await accounts.fill([[9, 'a', null]], L9);
    await expect(publish('c', { rows: 'all' }, { timelabel: L9 }).done).resolves.toMatchObject({ rows: 2 });
    await expect(publish('c', { rows: 'all' }).done).resolves.toMatchObject({ rows: 0 });
    expect(jobsMade(org)).toBe(1);
  });
});
