import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addSearchAttributes } from '../../cli/search-attributes.ts';
import { startTemporal, type LocalTemporal } from '../../local/temporal.ts';
import { routerId } from '../../pipeline/ids.ts';
import { fares, signal } from '../support/damage.ts';
import { DONE, startEngine, type Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

/** How the suites find their own server; the one here learns of search attributes at its own time, as those of production do. */
const { TEMPORAL_ADDRESS, REEFLINE_TEST_ATTRIBUTES_AT_ONCE } = process.env;

let dir: string;
let temporal: LocalTemporal;
let engine: Engine;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reefline-attributes-'));
  temporal = await startTemporal({ dir, announce: () => undefined });
  process.env['TEMPORAL_ADDRESS'] = temporal.address;
  delete process.env['REEFLINE_TEST_ATTRIBUTES_AT_ONCE'];
  engine = await startEngine('attributes', () => DONE);
  await engine.startWorkers();
});

afterAll(async () => {
  await engine.close();
  await temporal.stop();
  await rm(dir, { recursive: true });
  process.env['TEMPORAL_ADDRESS'] = TEMPORAL_ADDRESS;
  if (REEFLINE_TEST_ATTRIBUTES_AT_ONCE !== undefined)
    process.env['REEFLINE_TEST_ATTRIBUTES_AT_ONCE'] = REEFLINE_TEST_ATTRIBUTES_AT_ONCE;
});

test('whoever adds them goes on when the server answers queries for them', async () => {
  await expect(addSearchAttributes(engine.client)).resolves.toHaveLength(6);
  await expect(
    engine.client.workflow.count("Dataset = 'fares' and `Trigger` = 'event'"),
  ).resolves.toMatchObject({
    count: 0,
  });
  await expect(addSearchAttributes(engine.client)).resolves.toEqual([]);
});

test('a run that starts right after they were added is refused nowhere, and is found by them', async () => {
  await engine.apply(projectOf([{ name: 'priced', period: '1d', reads: [OUTSIDE] }]));
  await signal(engine, fares('20010105000000'));
  await eventually(async () => {
    const { count } = await engine.client.workflow.count(
      `Dataset = 'warehouse.main.priced' and ExecutionStatus = 'Completed'`,
    );
    expect(count).toBe(1);
  });
  const { events } = await engine.client.workflow.getHandle(routerId('p')).fetchHistory();
  const failures = events?.flatMap(({ workflowTaskFailedEventAttributes: failed }) => failed ?? []);
  expect(failures).toEqual([]);
});
