import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptEvents, type Acceptance } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { storeConfig } from '../../catalog/config-store.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { Column } from '../../pipeline/column.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import type { Project } from '../../pipeline/project.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { fares } from '../support/damage.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

/*
 * A run keeps the configuration under which it began. When it ends another one may be in force, which does not know its dataset or its
 * label any more, or says that another stage makes it.
 */
const DAY = '20010105000000';
const RUN = { stage: 'p.made', timelabel: DAY, revision: 1 };
const ENDPOINTS = [{ name: 'customers', kind: 'sqs', queueUrl: 'https://sqs.invalid/queue' }] as const;
const COLUMNS: readonly Column[] = [{ name: 'fare', type: { kind: 'int64' }, nullable: true }];

const BEFORE = projectOf(
  [
    { name: 'made', period: '1d', reads: [OUTSIDE] },
    { name: 'below', period: '1d', reads: ['made'] },
  ],
  [...ENDPOINTS],
);
const REMOVED = projectOf([{ name: 'other', period: '1d', reads: [OUTSIDE] }], [...ENDPOINTS]);
const OF_A_WEEK = projectOf(
  [
    { name: 'made', period: '1w', reads: [OUTSIDE] },
    { name: 'below', period: '1w', reads: ['made'] },
  ],
  [...ENDPOINTS],
);
const RENAMED: Project = {
  ...BEFORE,
  stages: BEFORE.stages.map((stage) =>
    stage.name === 'made' ? { ...stage, name: 'anew', id: 'p.anew' } : stage,
  ),
};

let catalog: TestCatalog;

beforeEach(async () => {
  catalog = await openTestCatalog('changed', BEFORE);
});
afterEach(async () => {
  await catalog.close();
});

function accept(...events: readonly unknown[]): Promise<Acceptance> {
  return acceptEvents(catalog.db, catalog.configs, 'p', events);
}

/** Begins a run, puts the other project in force, and ends the run; returns what it reports. */
async function runWhile(after: Project): Promise<readonly ReeflineEvent[]> {
  await accept(fares(DAY));
  await beginRun(catalog.db, RUN, 1, 'execution');
  await storeConfig(catalog.db, after, 'test');
  const reported: ReeflineEvent[] = [];
  await closeRun(
    catalog.db,
    catalog.configs,
    (_, events) => {
      reported.push(...events);
      return Promise.resolve();
    },
    {
      ...RUN,
      temporalRunId: 'execution',
      output: { rows: 1, bytes: null, uri: null, columns: COLUMNS },
      error: null,
    },
  );
  return reported;
}

/** Events of the log about the dataset, in their order, with the endpoints that are owed them. */
function logged(): Promise<unknown[]> {
  return catalog.values(
    `select concat_ws(' ', event_id, (select string_agg(endpoint, ' ') from reefline.delivery d where d.event_id = e.event_id))
       from reefline.data_event e where dataset = 'warehouse.main.made' order by seq`,
  );
}

const OWED = ['p.made/20010105000000/r1/TABLE_ADDED customers', 'p.made/20010105000000/r1 customers'];

describe('what a run reports that began under another configuration', () => {
  test('reaches the log and the endpoints although its stage has been removed, once', async () => {
    const reported = await runWhile(REMOVED);
    expect(await accept(...reported)).toMatchObject({ accepted: 2, rejected: 0, actions: [] });
    expect(await accept(...reported)).toMatchObject({ accepted: 0, rejected: 0, actions: [] });
    expect(await logged()).toEqual(OWED);
  });

  test('reaches them although the label, a Friday, is none of the new period, and starts nothing', async () => {
    const reported = await runWhile(OF_A_WEEK);
    expect(await accept(...reported)).toMatchObject({ accepted: 2, rejected: 0, actions: [] });
    expect(await logged()).toEqual(OWED);
  });

  test('starts the dependents although another stage makes the dataset now', async () => {
    const reported = await runWhile(RENAMED);
    const { accepted, rejected, actions } = await accept(...reported);
    expect({ accepted, rejected }).toEqual({ accepted: 2, rejected: 0 });
    expect(actions).toMatchObject([{ stage: 'p.below', timelabel: DAY, kind: 'start' }]);
    expect(await logged()).toEqual(OWED);
  });

  test('is told from what others send under the name of the stage: that is refused as before', async () => {
    const [, data] = await runWhile(REMOVED);
    const others = [
      { ...data, eventId: 'p.made/20010105000000/r2' },
      { ...data, eventId: 'p.made/20010106000000/r1', timelabel: '20010106000000' },
      { ...data, revision: 2 },
    ];
    expect(await accept(...others)).toMatchObject({ accepted: 0, rejected: 3 });
    expect(await logged()).toEqual([]);
  });

  test('is one event when it comes twice, and of what is refused under one id each message is kept', async () => {
    const reported = await runWhile(REMOVED);
    const other = { ...reported[1], eventId: 'p.made/20010105000000/r2' };
    const messages = [...reported, ...reported, other, { ...other, rows: 2 }];
    expect(await accept(...messages)).toMatchObject({ accepted: 2, rejected: 2 });
    expect(await logged()).toEqual(OWED);
    expect(
      await catalog.values(`select (raw::jsonb->>'rows')::int from reefline.rejected_event order by 1`),
    ).toEqual([1, 2]);
  });
});
