import { describe, expect, test } from '@jest/globals';
import {
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import type { Client } from '@temporalio/client';
import fc from 'fast-check';
import type { RouteAction } from '../../activities/accept-events.ts';
import { startOpened, type OpenedAction } from '../../activities/start-opened.ts';
import type { RunPlan } from '../../pipeline/run-plan.ts';
import { runStarter } from '../../workers/start-run.ts';

const PLAN: RunPlan = {
  ...{ kind: 'run', revision: 3, taskQueue: 'reefline.warehouse', timeoutSeconds: 60, maxAttempts: 2 },
  summary: 'transform warehouse.main.daily',
};
const WAITING = { kind: 'waiting', have: 1, expected: 2, missing: [] } as const;

function action(nth: number, more: Partial<RouteAction> = {}): RouteAction {
  const timelabel = `${String(20_010_101 + nth)}000000`;
  return {
    ...{ pipeline: 'p', stage: 'p.daily', timelabel, dataset: 'warehouse.main.daily' },
    ...{ kind: 'start', step: PLAN, ...more },
  };
}

function acceptanceOf(actions: readonly RouteAction[]): Parameters<typeof startOpened>[0] {
  return { actions, endpoints: ['customers'], accepted: actions.length, rejected: 0 };
}

describe('runs that an acceptance opened', () => {
  const outcome = fc.constantFrom('started', 'there', 'refused');
  const kind = fc.constantFrom<Partial<RouteAction>>(
    {},
    { step: WAITING },
    { step: { ...PLAN, superseded: true } },
    { step: null },
    { kind: 'tell' },
    { kind: 'inform' },
  );

  test('are started, or left to the router in their order; nothing else is started, and nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(kind, outcome), { maxLength: 40 }), async (drawn) => {
        const actions = drawn.map(([more], nth) => action(nth, more));
        const outcomeOf = new Map(actions.map((one, nth) => [one.timelabel, drawn[nth]?.[1]]));
        const asked: string[] = [];
        let abreast = 0;
        const start = async ({ kind, step, timelabel }: OpenedAction): Promise<boolean> => {
          expect([kind, step]).toEqual(['start', PLAN]);
          asked.push(timelabel);
          abreast += 1;
          expect(abreast).toBeLessThanOrEqual(10);
          await Promise.resolve();
          abreast -= 1;
          if (outcomeOf.get(timelabel) === 'refused') throw new Error('unavailable');
          return outcomeOf.get(timelabel) === 'started';
        };
        const result = await startOpened(acceptanceOf(actions), start, Infinity);
        const opened = actions.filter(({ kind, step }) => kind === 'start' && step === PLAN);
        expect(asked.sort()).toEqual(opened.map(({ timelabel }) => timelabel).sort());
        const started = opened.filter(({ timelabel }) => outcomeOf.get(timelabel) === 'started');
        const left = actions
          .filter((one) => !started.includes(one))
          .map((one) =>
            opened.includes(one) && outcomeOf.get(one.timelabel) === 'there' ? { ...one, kind: 'tell' } : one,
          );
        expect(result).toEqual({
          ...acceptanceOf(actions),
          actions: left,
          ...(started.length === 0 ? {} : { started: started.length }),
        });
      }),
    );
  });

  test('are left to the router when no time is left, as they were decided', async () => {
    const acceptance = acceptanceOf([action(1), action(2)]);
    const never = (): Promise<boolean> => Promise.reject(new Error('started too late'));
    expect(await startOpened(acceptance, never, performance.now())).toEqual(acceptance);
  });
});

describe('the start of a run whose label has one', () => {
  const revision = defineSearchAttributeKey('Revision', 'INT');

  function starter(
    found: { status: string; revision?: number },
    sent: unknown[] = [],
  ): ReturnType<typeof runStarter> {
    const pairs = found.revision === undefined ? [] : [{ key: revision, value: found.revision }];
    const workflow = {
      start: (type: string, options: { workflowId: string }): Promise<never> => {
        sent.push(options);
        return Promise.reject(new WorkflowExecutionAlreadyStartedError('there', options.workflowId, type));
      },
      getHandle: () => ({
        describe: () =>
          Promise.resolve({
            status: { name: found.status },
            typedSearchAttributes: new TypedSearchAttributes(pairs),
          }),
      }),
    };
    return runStarter({ workflow } as unknown as Client, () => 'routing');
  }

  test('counts as done when that run took up the same revision, as after an acceptance that was cut off', async () => {
    for (const status of ['RUNNING', 'COMPLETED'])
      expect(await starter({ status, revision: 3 })(action(1) as OpenedAction)).toBe(true);
  });

  test('is not done when the run is of another revision, has failed, or has to look again', async () => {
    const plain = action(1) as OpenedAction;
    expect(await starter({ status: 'RUNNING', revision: 2 })(plain)).toBe(false);
    expect(await starter({ status: 'RUNNING' })(plain)).toBe(false);
    for (const status of ['FAILED', 'TERMINATED', 'CANCELLED', 'TIMED_OUT'])
      expect(await starter({ status, revision: 3 })(plain)).toBe(false);
    const changed = { ...plain, step: { ...PLAN, changed: true } } as const;
    expect(await starter({ status: 'RUNNING', revision: 3 })(changed)).toBe(false);
  });

  test('asks for what a child of the router would be: id, plan, summary, attributes, and the priority of a backfill', async () => {
    const sent: unknown[] = [];
    await starter({ status: 'RUNNING', revision: 3 }, sent)(action(1, { backfill: 'b1' }) as OpenedAction);
    expect(sent).toMatchObject([
      {
        ...{ workflowId: 'run/p.daily/20010102000000', taskQueue: 'routing', requestEagerStart: true },
        args: [
          { stage: 'p.daily', timelabel: '20010102000000', trigger: 'event', step: PLAN, backfill: 'b1' },
        ],
        priority: { priorityKey: 5 },
      },
    ]);
  });
});
