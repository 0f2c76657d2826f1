import { beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { PAYLOAD_CONVERTER } from '../../workers/run-workers.ts';
import { UnwatchedWorker } from '../../workers/unwatched-worker.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

const HISTORY = JSON.parse(
  readFileSync(new URL('../histories/tick.manual.json', import.meta.url), 'utf8'),
) as { events: { workflowExecutionStartedEventAttributes?: { workflowId: string } }[] };
const ID = HISTORY.events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';

let options: ReplayWorkerOptions;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  // Loading the modules alone takes longer. The types of the SDK do not name the option.
  const watchdog = { isolateExecutionTimeout: '1ms' };
  options = {
    ...watchdog,
    workflowBundle: await workflowBundle(),
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER },
  };
});

test('the watchdog of the SDK ends code of workflows that computes for longer than it allows', async () => {
  await expect(Worker.runReplayHistory(options, HISTORY, ID)).rejects.toThrow(/timed out/);
});

test('workflows of Reefline run without that watchdog', async () => {
  await UnwatchedWorker.runReplayHistory(options, HISTORY, ID);
});
