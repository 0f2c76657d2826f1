import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { publishStage } from '../../activities/stages/publish.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { StageRun } from '../../activities/stages/runner.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { projectOf } from '../support/project.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';
import { jobsMade, jobStates, OUTPUT } from '../support/salesforce-source.ts';
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts';

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
