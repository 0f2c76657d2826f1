import { describe, expect, test } from '@jest/globals';
import { describeWaiting, stepOf } from '../../pipeline/run-plan.ts';
import { stageQueue } from '../../pipeline/task-queue.ts';
import { verdictOf } from '../../pipeline/verdict.ts';
import type { Opening } from '../../pipeline/opening.ts';
import type { StageDefinition, StageWork } from '../../pipeline/stage.ts';
import { projectOf } from '../support/project.ts';

const [daily] = projectOf([{ name: 'daily', period: '1d' }]).stages as [StageDefinition];
const missing = [{ dataset: 'warehouse.main.hourly', timelabel: '20010105230000' as never }];

const run = {
  kind: 'run',
  revision: 1,
  vector: 'v',
  inputs: [],
  alreadyOpen: false,
  changed: false,
  partial: false,
  missing: [],
  restates: false,
} as const;

describe('the step that a workflow is told', () => {
  test('a run carries how and where it runs', () => {
    const opening: Opening = { ...run, revision: 3 };
    expect(stepOf(daily, opening, 'reefline.warehouse')).toEqual({
      kind: 'run',
      revision: 3,
      taskQueue: 'reefline.warehouse',
      timeoutSeconds: 60,
      maxAttempts: 2,
      summary: 'transform warehouse.main.daily',
    });
  });

  test('waiting carries what is missing, and nothing new why', () => {
    const waiting: Opening = {
      kind: 'waiting',
      revision: 1,
      have: 23,
      expected: 24,
      missing,
      deadline: null,
    };
    expect(stepOf(daily, waiting, 'q')).toEqual({ kind: 'waiting', have: 23, expected: 24, missing });
    const nothing: Opening = { kind: 'nothing-new', revision: 2, reason: 'same inputs' };
    expect(stepOf(daily, nothing, 'q')).toEqual({ kind: 'nothing-new', revision: 2, reason: 'same inputs' });
  });

  test('a waiting run says in the Web UI what it waits for', () => {
    expect(describeWaiting({ kind: 'waiting', have: 23, expected: 24, missing })).toBe(
      '23/24 inputs, waiting for\n\n- warehouse.main.hourly 20010105230000',
    );
    expect(describeWaiting({ kind: 'waiting', have: 3, expected: 24, missing })).toMatch(/- and 20 more$/);
    const latest = [{ dataset: 'warehouse.main.hourly', timelabel: '99991231235900' as never }];
    expect(describeWaiting({ kind: 'waiting', have: 0, expected: 1, missing: latest })).toContain(
      'the first label of warehouse.main.hourly',
    );
  });
});

describe('the task queue', () => {
  test.each<[StageWork, string]>([
    [{ kind: 'extract', from: 'shop.public.orders', mode: 'snapshot', format: 'parquet' }, 'reefline.shop'],
    [{ kind: 'publish', from: 'crm.main.accounts', key: ['id'], rows: 'all' }, 'reefline.crm'],
    [{ kind: 'load', from: 'lake.shop.orders', mode: 'append', key: [] }, 'reefline.warehouse'],
    [{ kind: 'register', from: 'lake.shop.orders' }, 'reefline.warehouse'],
  ])('of %j is that of the system that it burdens', (work, queue) => {
    expect(stageQueue({ ...daily, work })).toBe(queue);
  });
});

describe('the verdict', () => {
  test.each<[Opening, string, string]>([
    [run, 'started', 'opened revision 1'],
    [{ ...run, alreadyOpen: true }, 'joined', 'revision 1 is running'],
    [
      { kind: 'waiting', revision: 1, have: 2, expected: 24, missing, deadline: null },
      'joined',
      '2 of 24 inputs',
    ],
    [{ kind: 'nothing-new', revision: 1, reason: 'same inputs' }, 'coalesced', 'same inputs'],
  ])('of %j is %s', (opening, verdict, reason) => {
    expect(verdictOf(opening)).toEqual({ verdict, reason: expect.stringContaining(reason) });
  });
});
