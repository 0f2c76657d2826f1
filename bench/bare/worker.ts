/** A plain Temporal worker with default options: what Reefline is measured against. */
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { connectWorker } from '../../workers/temporal.ts';
import { clock, tellDriver, untilDriverLeaves } from '../first-line.ts';
import { BARE_QUEUE } from './queue.ts';

const say = (line: string): void => {
  process.stderr.write(`bare worker: ${line}\n`);
};

const signal = untilDriverLeaves();
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const { connection, namespace } = await connectWorker(say, signal);
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: BARE_QUEUE,
  workflowsPath: fileURLToPath(new URL('./workflow.ts', import.meta.url)),
  activities: {
    firstLine: (key: string): Promise<void> => {
      const began = clock();
      tellDriver({ key, entered: began, began });
      return Promise.resolve();
    },
  },
});
const left = new Promise<void>((resolve) => {
  signal.addEventListener('abort', () => {
    resolve();
  });
});
await worker.runUntil(left);
await connection.close();
