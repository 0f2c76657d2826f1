import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { routerStart } from '../../client/router-start.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

/*
 * The upgrade of docs/deploy.md, "Several builds at once": two builds side by side on a real Temporal, and then the new one alone.
 */
const DEPLOYMENT = 'reefline';
const [FIRST, SECOND, THIRD] = ['20200301000000', '20200302000000', '20200303000000'] as const;
const FARES = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares', status: 'SUCCESS' };
const PROJECT = projectOf([
  { name: 'tolls', period: '1d' },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
  { name: 'joined', period: '1d', reads: [OUTSIDE, 'tolls'] },
]);

let release = (): void => undefined;
const released = new Promise<void>((resolve) => (release = resolve));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine('upgrade', async ({ stage, timelabel }) => {
    if (stage.name === 'priced' && timelabel === FIRST) await released;
    return DONE;
  });
  await engine.apply(PROJECT);
});

afterAll(async () => {
  release();
  await engine.close();
});

async function startBuild(buildId: string): Promise<void> {
  await engine.startWorkers({ REEFLINE_DEPLOYMENT: DEPLOYMENT, REEFLINE_BUILD_ID: buildId });
}

/** As `temporal worker deployment set-current-version`; refused until the build serves every task queue of the one before. */
async function putInForce(buildId: string): Promise<void> {
  await eventually(async () => {
    await engine.client.workflowService.setWorkerDeploymentCurrentVersion({
      ...{ namespace: engine.namespace, deploymentName: DEPLOYMENT, buildId, identity: 'an operator' },
    });
  });
}

async function send(timelabel: string, table: object = FARES): Promise<void> {
  const event = { ...FARES, ...table, timelabel };
  await engine.client.workflow.signalWithStart('router', routerStart('p', ROUTING_QUEUE, event));
}

/** `stage label status` of all runs. */
async function ledger(): Promise<string[]> {
  const { rows } = await engine.db.query<{ run: string }>(
    `select replace(stage, 'p.', '') || ' ' || timelabel || ' ' || status as run from reefline.stage_run order by 1`,
  );
  return rows.map(({ run }) => run);
}

/** The builds that worked on a workflow, in order. */
async function buildsOf(workflowId: string): Promise<string[]> {
  const { events } = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  const builds = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: task }) => task?.deploymentVersion?.buildId ?? [],
  );
  return builds.filter((build, at) => build !== builds[at - 1]);
}

test('while two builds run, runs end on the build that began them, routers move on, and nothing is stuck', async () => {
  await startBuild('a');
  await putInForce('a');
  await send(FIRST);
  await eventually(async () => {
    expect(await ledger()).toEqual([`joined ${FIRST} WAITING`, `priced ${FIRST} RUNNING`]);
    for (const id of ['router/p', `run/p.priced/${FIRST}`, `run/p.joined/${FIRST}`])
      expect(await buildsOf(id)).toEqual(['a']);
  });

  await startBuild('b');
  await putInForce('b');
  await send(SECOND);
  await send(SECOND, { schema: 'main', table: 'tolls' });
  await eventually(async () => {
    expect(await ledger()).toEqual(
      expect.arrayContaining([`joined ${SECOND} SUCCESS`, `priced ${SECOND} SUCCESS`]),
    );
  });
  const left = `TemporalWorkerDeploymentVersion="${DEPLOYMENT}:a" AND ExecutionStatus="Running"`;
  await eventually(async () => {
    expect((await engine.client.workflow.count(left)).count).toBe(2);
  });
  release();
  await send(FIRST, { schema: 'main', table: 'tolls' });
  for (const id of [`run/p.priced/${FIRST}`, `run/p.joined/${FIRST}`])
    await engine.client.workflow.getHandle(id).result();

  expect(await buildsOf('router/p')).toEqual(['a', 'b']);
  for (const stage of ['priced', 'joined']) {
    expect(await buildsOf(`run/p.${stage}/${FIRST}`)).toEqual(['a']);
    expect(await buildsOf(`run/p.${stage}/${SECOND}`)).toEqual(['b']);
  }

  await engine.stopWorkers();
  await startBuild('b');
  await send(THIRD);
  await send(THIRD, { schema: 'main', table: 'tolls' });
  await eventually(async () => {
    const labels = [FIRST, SECOND, THIRD];
    expect(await ledger()).toEqual(
      ['joined', 'priced'].flatMap((stage) => labels.map((label) => `${stage} ${label} SUCCESS`)),
    );
  });
  for (const stage of ['priced', 'joined'])
    await engine.client.workflow.getHandle(`run/p.${stage}/${THIRD}`).result();
  await eventually(async () => {
    const status = await engine.client.workflow.getHandle('router/p').query('status');
    expect(status).toMatchObject({ queued: 0, rejected: 0 });
  });
});
