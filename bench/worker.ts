/**
 * A worker of Reefline as in production, but for its stages: they do nothing and say when they began. The driver
 * starts it with an IPC channel and the variables of a real worker.
 */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { StageOutput, StageRun } from '../activities/stages/runner.ts';
import { createActivities } from '../workers/activities.ts';
import { openCatalog } from '../workers/catalog.ts';
import { CATALOG_SLOTS, runWorkers } from '../workers/run-workers.ts';
import { connectClient, connectWorker } from '../workers/temporal.ts';
import { clock, tellDriver, untilDriverLeaves } from './first-line.ts';

const DONE: StageOutput = { rows: 0, bytes: null, uri: null, columns: null };

const say = (line: string): void => {
  process.stderr.write(`worker: ${line}\n`);
};

const signal = untilDriverLeaves();
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const db = await openCatalog(process.env, 2 * CATALOG_SLOTS + 10, say, signal);
const client = await connectClient(say, signal);
const temporal = await connectWorker(say, signal);

const entered = new Map<string, number>();
const stage = (run: StageRun): Promise<StageOutput> => {
  const began = clock();
  const key = `${run.stage.id}/${run.timelabel}`;
  tellDriver({ key, entered: entered.get(key) ?? began, began });
  entered.delete(key);
  return Promise.resolve(DONE);
};
const runners = {
  extract: stage,
  register: stage,
  load: stage,
  transform: stage,
  publish: stage,
  check: stage,
  custom: stage,
};
const activities = createActivities({ db, client, runners, environment: process.env });
await runWorkers({
  temporal,
  db,
  activities: {
    ...activities,
    runStage: (key) => {
      entered.set(`${key.stage}/${key.timelabel}`, clock());
      return activities.runStage(key);
    },
  },
  say,
  signal,
});
await temporal.connection.close();
await client.connection.close();
await db.end();
