import type { Fault } from './fault.ts';
import type { Trap } from './passage.ts';
import type { Way } from './servers.ts';
import type { World } from './world.ts';

/** Milliseconds for the moment to come. */
const PATIENCE = 15_000;

/** All workers are killed when one of them is at a line that a gate can tell by what it asks of a server. */
function killedWhen(name: string, way: Exclude<Way, 'mysql'>, request: Omit<Trap, 'spring'>): Fault {
  return {
    name: `all workers are killed ${name}`,
    async strike({ gates, workers }: World): Promise<boolean> {
      if (!(await gates[way].trap(request, PATIENCE))) return false;
      await Promise.all(workers.map((worker) => worker.kill()));
      for (const worker of workers) worker.start();
      return true;
    },
  };
}

/** A message `Query` of PostgreSQL's protocol: its letter, its length, the statement and a zero byte. */
const COMMIT = /Q[^]{4}commit\0/;

/** They did not come in the seconds in which one waits for them in turn. */
const seldomMoments: readonly Fault[] = [
  killedWhen('when Athena has begun a query that they do not know', 'athena', {
    pattern: /StartQueryExecution/,
    moment: 'answered',
  }),
  killedWhen('when Snowflake has been given a statement', 'snowflake', {
    pattern: /^POST [^ ]*query-request/,
    moment: 'answered',
  }),
  killedWhen('when Salesforce has been given a job', 'salesforce', {
    pattern: /^PATCH [^ ]*jobs\/ingest/,
    moment: 'answered',
  }),
];

export const momentFaults: readonly Fault[] = [
  killedWhen('when the catalog has committed and they do not know it', 'catalog', {
    pattern: COMMIT,
    moment: 'answered',
  }),
  killedWhen('when the files of a label are in S3 and its manifest is not', 's3', {
    pattern: /^PUT [^ ]*manifest\.json/,
    moment: 'asked',
  }),
  killedWhen('when Redshift has been told to COPY', 'redshift', { pattern: /copy /i, moment: 'answered' }),
  killedWhen('when a run is closed and its event is not signalled', 'temporal', {
    pattern: /dataEvent/,
    moment: 'asked',
  }),
  killedWhen('when SQS has messages that the catalog still owes', 'sqs', {
    pattern: /SendMessageBatch/,
    moment: 'answered',
  }),
  ...seldomMoments.map((fault) => ({ ...fault, seldom: true as const })),
];
