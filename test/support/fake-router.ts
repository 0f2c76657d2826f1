import { WorkflowNotFoundError } from '@temporalio/common';
import type { Clock } from '../../client/clock.ts';
import type { EmitterClient } from '../../client/router-link.ts';

/** A clock that only sleeping moves, and that writes down each sleep. */
export interface FakeClock extends Clock {
  readonly slept: number[];
}

export function fakeClock(random = 0.5): FakeClock {
  let now = 1_000_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    random: () => random,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}

/** What the server does with one signal: takes it, or fails with this error, having taken it or not. */
export type Answer = 'takes' | { readonly error: Error; readonly taken?: boolean };

export interface SignalSent {
  readonly workflow: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
  readonly deadline: number;
}

export interface FakeServer {
  readonly client: EmitterClient;
  /** Every call, and the events that the server took, in their order. */
  readonly calls: SignalSent[];
  readonly taken: unknown[];
}

/** A Temporal client whose server answers each signal as the function says, and whose router has so much history. */
export function fakeServer(
  answer: (call: number) => Answer | Promise<Answer>,
  historySize: () => number | undefined = () => undefined,
): FakeServer {
  const calls: SignalSent[] = [];
  const taken: unknown[] = [];
  let deadline = 0;
  const client = {
    withDeadline: async (at: number, call: () => Promise<unknown>) => {
      deadline = at;
      return call();
    },
    withAbortSignal: async (_signal: AbortSignal, call: () => Promise<unknown>) => call(),
    workflow: {
      signalWithStart: async (workflow: string, options: { signalArgs: [readonly unknown[]] }) => {
        const [events] = options.signalArgs;
        calls.push({ workflow, options, events, deadline });
        const given = await answer(calls.length);
        if (given === 'takes' || given.taken === true) taken.push(...events);
        if (given !== 'takes') throw given.error;
      },
      getHandle: (workflowId: string) => ({
        describe: async () => {
          const size = historySize();
          if (size === undefined) throw new WorkflowNotFoundError('not found', workflowId, undefined);
          return { status: { name: 'RUNNING' }, historySize: size };
        },
      }),
    },
  };
  return { client: client as unknown as EmitterClient, calls, taken };
}

/** An error as the Temporal client throws it for a gRPC status. */
export function grpcError(code: number, details: string): Error {
  const status = Object.assign(new Error(`${String(code)} X: ${details}`), { code, details, metadata: {} });
  return new Error('Failed to signalWithStart Workflow', { cause: status });
}
