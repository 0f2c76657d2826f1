import { publisherId, ROUTING_QUEUE, SWEEP_ID } from '../../pipeline/ids.ts';
import { DONE, startEngine, type Engine } from '../../test/support/engine.ts';
import { OUTSIDE, projectOf } from '../../test/support/project.ts';
import type { Recorder } from './recorder.ts';

/** Nobody listens there; the publisher is open, and that is all that is needed. */
const ENDPOINT = {
  name: 'customer',
  kind: 'sqs',
  queueUrl: 'http://127.0.0.1:9/0/none',
  region: 'us-east-1',
} as const;
const PROJECT = projectOf([{ name: 'priced', period: '1d', reads: [OUTSIDE] }], [ENDPOINT]);

/** Records `sweep.mended`: one that finds a message that is due and no publisher, and starts that one. */
export async function recordSweeps({ write }: Recorder): Promise<void> {
  const engine = await startEngine('recording_sweeps', () => DONE);
  try {
    await engine.apply(PROJECT);
    await engine.client.workflow.getHandle(publisherId(ENDPOINT.name)).terminate();
    await oweMessage(engine);
    await engine.startWorkers();
    const workflowId = `${SWEEP_ID}/recorded`;
    const result = await engine.client.workflow.execute<() => Promise<{ mended: number }>>('sweep', {
      workflowId,
      taskQueue: ROUTING_QUEUE,
      args: [{ ageSeconds: 0 }] as never,
    });
    if (result.mended === 0) throw new Error('The sweep had nothing to mend.');
    await write(engine, 'sweep.mended', workflowId);
  } finally {
    await engine.close();
  }
}

async function oweMessage({ db }: Engine): Promise<void> {
  await db.query(
    `with logged as (
       insert into reefline.data_event (event_id, event_type, dataset, timelabel, revision, status, outcome, router, body)
       values ('recorded', 'data', $1, '20010105000000', 1, 'FAILURE', 'FAILURE', 'p', '{"event_type": "data"}')
       returning event_id, seq, dataset)
     insert into reefline.delivery (endpoint, seq, event_id, dataset) select $2, seq, event_id, dataset from logged`,
    [OUTSIDE, ENDPOINT.name],
  );
}
