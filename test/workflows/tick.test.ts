import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jobs, only, openSandbox, type WorkflowSandbox } from '../support/workflow-sandbox.ts';

const RESOLVED = { pipeline: 'p', dataset: 'warehouse.main.hourly', timelabel: '20180305080000' };

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

describe('a tick', () => {
  test('of a schedule stands for its nominal time, and starts the run of the label', async () => {
    const scheduledAt = new Date('2018-03-05T09:10:00Z');
    const options = {
      workflowId: 'tick/p.hourly-2018-03-05T09:10:00Z',
      args: [{ stage: 'p.hourly' }],
      scheduledAt,
    };
    const run = await sandbox.start('tick', options);
    const resolving = only(run.begun);
    expect(resolving).toMatchObject({
      what: 'local activity',
      name: 'resolveTick',
      args: [{ stage: 'p.hourly', at: '2018-03-05T09:10:00.000Z' }],
    });
    const child = only(await run.activate(jobs.resolve(resolving, RESOLVED)));
    expect(child).toMatchObject({
      what: 'child',
      name: 'run/p.hourly/20180305080000',
      args: [{ stage: 'p.hourly', timelabel: '20180305080000', trigger: 'schedule' }],
    });
    expect(only(await run.activate(jobs.childStarted(child)))).toMatchObject({
      what: 'complete',
      args: [{ stage: 'p.hourly', timelabel: '20180305080000' }],
    });
  });

  test('that a person sends names its time', async () => {
    const at = '2018-03-05T09:10:00Z';
    const run = await sandbox.start('tick', {
      workflowId: 'tick/by-hand',
      args: [{ stage: 'p.hourly', at }],
    });
    expect(only(run.begun).args).toEqual([{ stage: 'p.hourly', at }]);
  });

  test('of a label whose run is there tells that run, and starts nothing twice', async () => {
    const at = '2018-03-05T09:10:00Z';
    const run = await sandbox.start('tick', { workflowId: 'tick/again', args: [{ stage: 'p.hourly', at }] });
    const child = only(await run.activate(jobs.resolve(only(run.begun), RESOLVED)));
    const told = only(await run.activate(jobs.childExists(child)));
    expect(told).toMatchObject({ what: 'signal', name: 'run/p.hourly/20180305080000', args: [null] });
    expect(only(await run.activate(jobs.signalled(told)))).toMatchObject({ what: 'complete' });
  });

  test.each([
    [[{ stage: 'p.hourly' }], '"at"'],
    [[], 'stage'],
    [[{ at: '2018-03-05T09:10:00Z' }], 'stage'],
  ])('with the arguments %j it fails with what is missing', async (args, missing) => {
    const run = await sandbox.start('tick', { workflowId: 'tick/wrong', args });
    expect(only(run.begun)).toMatchObject({ what: 'fail', name: expect.stringContaining(missing) });
  });

  test('of an unknown stage fails with the reason of the catalog', async () => {
    const at = '2018-03-05T09:10:00Z';
    const run = await sandbox.start('tick', {
      workflowId: 'tick/unknown',
      args: [{ stage: 'p.nothing', at }],
    });
    const failed = await run.activate(
      jobs.fail(only(run.begun), 'not_found', 'There is no stage "p.nothing".'),
    );
    expect(only(failed)).toMatchObject({ what: 'fail', name: 'There is no stage "p.nothing".' });
  });
});
