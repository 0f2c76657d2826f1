/*
 * Workflows in their sandbox, without a server: a test plays the server and sees every command. The paths below are
 * internal to the SDK, so nothing else may import them; the SDK's version is pinned exactly.
 */
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';
import { VMWorkflowCreator } from '@temporalio/worker/lib/workflow/vm.js';
import { workflowBundle } from './workflow-bundle.ts';

type Activation = Parameters<Workflow['activate']>[0];
type Completion = Awaited<ReturnType<Workflow['activate']>>;
type Job = NonNullable<Activation['jobs']>[number];
type ProtoCommand = NonNullable<NonNullable<Completion['successful']>['commands']>[number];
type Payload = NonNullable<NonNullable<ProtoCommand['completeWorkflowExecution']>['result']>;

/** What a workflow asked for, in terms of a test. `seq` is what the answer refers to. */
export interface Asked {
  readonly what:
    | 'activity'
    | 'local activity'
    | 'child'
    | 'signal'
    | 'timer'
    | 'complete'
    | 'fail'
    | 'cancelled'
    | 'continue as new'
    | 'other';
  readonly seq: number;
  /** Name of the activity, id of the workflow, or the failure's message. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** How long a timer runs. */
  readonly milliseconds?: number;
}

export interface StartOptions {
  readonly workflowId: string;
  readonly args: readonly unknown[];
  /** Nominal time of the schedule that started it. */
  readonly scheduledAt?: Date;
  /** Signals that came with the start. */
  readonly jobs?: readonly Job[];
}

/** One execution. Each call is one workflow task: the given jobs at once, then everything that they make possible. */
export interface Execution {
  /** Length of the history that the workflow is told. */
  historyLength: number;
  /** Size of the history, in bytes, that the workflow is told. */
  historySize: number;
  /** True when the server wants the history cut. */
  continueAsNewSuggested: boolean;
  readonly begun: readonly Asked[];
  /** What the workflow itself has set so far; it asks nobody, so it is not among the commands. */
  readonly searchAttributes: Readonly<Record<string, unknown>>;
  activate(...jobs: readonly Job[]): Promise<readonly Asked[]>;
  query(name: string): Promise<unknown>;
}

export interface WorkflowSandbox {
  start(type: string, options: StartOptions): Promise<Execution>;
  close(): Promise<void>;
}

const ACTIVITIES = [
  ...['acceptEvents', 'openRun', 'passDeadline', 'runStage', 'closeRun', 'forwardEvents', 'resolveTick'],
  ...['planBackfill', 'advanceBackfill', 'controlBackfill', 'sweepKind'],
];
/** START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS */
const ALREADY_EXISTS = 1 as never;

export async function openSandbox(): Promise<WorkflowSandbox> {
  const bundle = parseWorkflowCode((await workflowBundle()).code);
  const creator = await VMWorkflowCreator.create(bundle, 10_000, new Set(ACTIVITIES));
  const workflows: Workflow[] = [];
  return {
    start: async (type, options) => {
      const runId = `run-${String(workflows.length)}`;
      const workflow = await creator.createWorkflow({
        info: infoOf(type, runId, options.workflowId),
        randomnessSeed: [1, 2, 3, 4],
        now: 0,
        showStackTraceSources: false,
      });
      workflows.push(workflow);
      return begin(workflow, runId, options);
    },
    close: async () => {
      for (const workflow of workflows) await workflow.dispose();
      await creator.destroy();
    },
  };
}

async function begin(workflow: Workflow, runId: string, options: StartOptions): Promise<Execution> {
  const told = { historyLength: 3, historySize: 0, continueAsNewSuggested: false };
  const searchAttributes: Record<string, unknown> = {};
  const run = async (jobs: readonly Job[]): Promise<Completion> =>
    workflow.activate({
      ...{ runId, timestamp: {}, historyLength: told.historyLength },
      // All that the SDK does with this Long.
      historySizeBytes: { toNumber: () => told.historySize } as never,
      continueAsNewSuggested: told.continueAsNewSuggested,
      jobs: [...jobs],
      isReplaying: false,
    });
  const activate = async (...jobs: readonly Job[]): Promise<readonly Asked[]> => {
    const completion = await run(jobs);
    if (completion.failed != null)
      throw new Error(`The workflow task failed: ${completion.failed.failure?.message ?? ''}`);
    const commands = completion.successful?.commands ?? [];
    for (const { upsertWorkflowSearchAttributes: upsert } of commands)
      for (const [name, value] of Object.entries(upsert?.searchAttributes?.indexedFields ?? {}))
        searchAttributes[name] = fromPayload(value);
    return commands
      .filter((command) => command.upsertWorkflowSearchAttributes == null && command.setPatchMarker == null)
      .map(askedOf);
  };
  const begun = await activate(
    {
      initializeWorkflow: {
        arguments: options.args.map(toPayload),
        ...(options.scheduledAt === undefined
          ? {}
          : {
              searchAttributes: {
                indexedFields: { TemporalScheduledStartTime: datetime(options.scheduledAt) },
              },
            }),
      },
    },
    ...(options.jobs ?? []),
  );
  return Object.assign(told, {
    begun,
    searchAttributes,
    activate,
    query: async (name: string) => {
      // The core names the variant; activations without queries get it from the SDK on the way in.
      const job: Job = { queryWorkflow: { queryId: 'q', queryType: name } };
      Object.assign(job, { variant: 'queryWorkflow' });
      const completion = await run([job]);
      const [command] = completion.successful?.commands ?? [];
      return fromPayload(command?.respondToQuery?.succeeded?.response);
    },
  });
}

export const jobs = {
  signal: (signalName: string, ...args: readonly unknown[]): Job => ({
    signalWorkflow: { signalName, input: args.map(toPayload) },
  }),
  /** A signal whose payload is not what it claims to be. */
  rawSignal: (signalName: string, payload: Payload): Job => ({
    signalWorkflow: { signalName, input: [payload] },
  }),
  resolve: (asked: Asked, value?: unknown): Job => ({
    resolveActivity: {
      seq: asked.seq,
      result: { completed: { result: toPayload(value ?? null) } },
      isLocal: asked.what === 'local activity',
    },
  }),
  fail: (asked: Asked, type: string, message: string): Job => ({
    resolveActivity: {
      seq: asked.seq,
      result: {
        failed: {
          failure: {
            message: 'Activity task failed',
            activityFailureInfo: { activityType: { name: asked.name } },
            cause: { message, applicationFailureInfo: { type, nonRetryable: true } },
          },
        },
      },
      isLocal: asked.what === 'local activity',
    },
  }),
  /** How an activity ends whose cancellation the workflow waited for. */
  cancelledActivity: (asked: Asked): Job => ({
    resolveActivity: {
      seq: asked.seq,
      result: {
        cancelled: {
          failure: {
            message: 'Activity cancelled',
            activityFailureInfo: { activityType: { name: asked.name } },
            cause: { message: 'CANCELLED', canceledFailureInfo: {} },
          },
        },
      },
      isLocal: asked.what === 'local activity',
    },
  }),
  childStarted: ({ seq }: Asked): Job => ({
    resolveChildWorkflowExecutionStart: { seq, succeeded: { runId: `child-${String(seq)}` } },
  }),
  childExists: ({ seq, name }: Asked): Job => ({
    resolveChildWorkflowExecutionStart: {
      seq,
      failed: { workflowId: name, workflowType: 'any', cause: ALREADY_EXISTS },
    },
  }),
  signalled: ({ seq }: Asked): Job => ({ resolveSignalExternalWorkflow: { seq } }),
  signalFailed: ({ seq }: Asked): Job => ({
    resolveSignalExternalWorkflow: {
      seq,
      failure: {
        message: 'not found',
        applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound' },
      },
    },
  }),
  fire: ({ seq }: Asked): Job => ({ fireTimer: { seq } }),
  cancel: (): Job => ({ cancelWorkflow: { reason: 'a person' } }),
};

/** The one thing that a workflow asked for; anything else is a mistake of the test or of the workflow. */
export function only(asked: readonly Asked[]): Asked {
  const [first, second] = asked;
  if (first === undefined || second !== undefined)
    throw new Error(`one command expected: ${JSON.stringify(asked)}`);
  return first;
}

function askedOf(command: ProtoCommand): Asked {
  const asked = (
    what: Asked['what'],
    seq: number | null | undefined,
    name = '',
    args?: Payload[] | null,
  ): Asked => ({
    what,
    seq: seq ?? 0,
    name,
    args: (args ?? []).map(fromPayload),
  });
  if (command.scheduleActivity != null) {
    const { seq, activityType, arguments: args } = command.scheduleActivity;
    return asked('activity', seq, activityType ?? '', args);
  }
  if (command.scheduleLocalActivity != null) {
    const { seq, activityType, arguments: args } = command.scheduleLocalActivity;
    return asked('local activity', seq, activityType ?? '', args);
  }
  if (command.startChildWorkflowExecution != null) {
    const { seq, workflowId, input } = command.startChildWorkflowExecution;
    return asked('child', seq, workflowId ?? '', input);
  }
  if (command.signalExternalWorkflowExecution != null) {
    const { seq, workflowExecution, args } = command.signalExternalWorkflowExecution;
    return asked('signal', seq, workflowExecution?.workflowId ?? '', args);
  }
  if (command.startTimer != null) {
    const { seq, startToFireTimeout: lasts } = command.startTimer;
    const milliseconds = Number(lasts?.seconds ?? 0) * 1_000 + (lasts?.nanos ?? 0) / 1_000_000;
    return { ...asked('timer', seq), milliseconds };
  }
  if (command.completeWorkflowExecution != null) {
    const { result } = command.completeWorkflowExecution;
    return asked('complete', 0, '', result == null ? [] : [result]);
  }
  if (command.failWorkflowExecution != null)
    return asked('fail', 0, textOf(command.failWorkflowExecution.failure));
  if (command.cancelWorkflowExecution != null) return asked('cancelled', 0);
  if (command.continueAsNewWorkflowExecution != null) {
    const { workflowType, arguments: args } = command.continueAsNewWorkflowExecution;
    return asked('continue as new', 0, workflowType ?? '', args);
  }
  return asked('other', 0, Object.keys(command).join());
}

/** The message of the innermost cause. */
function textOf(failure: { message?: string | null; cause?: unknown } | null | undefined): string {
  const cause = failure?.cause as { message?: string | null; cause?: unknown } | null | undefined;
  return cause == null ? (failure?.message ?? '') : textOf(cause);
}

function toPayload(value: unknown): Payload {
  return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
}

function datetime(value: Date): Payload {
  return {
    metadata: { encoding: Buffer.from('json/plain'), type: Buffer.from('Datetime') },
    data: Buffer.from(JSON.stringify(value.toISOString())),
  };
}

function fromPayload(payload: Payload | null | undefined): unknown {
  const data = payload?.data;
  return data == null || data.length === 0 ? null : (JSON.parse(Buffer.from(data).toString()) as unknown);
}

function infoOf(
  workflowType: string,
  runId: string,
  workflowId: string,
): Parameters<VMWorkflowCreator['createWorkflow']>[0]['info'] {
  const info = {
    workflowId,
    runId,
    workflowType,
    searchAttributes: {},
    historyLength: 3,
    historySize: 0,
    continueAsNewSuggested: false,
    targetWorkerDeploymentVersionChanged: false,
    taskQueue: 'reefline',
    namespace: 'default',
    firstExecutionRunId: runId,
    originalExecutionRunId: runId,
    startTime: new Date(0),
    runStartTime: new Date(0),
    taskTimeoutMs: 10_000,
    attempt: 1,
    unsafe: { isReplaying: false, isReplayingHistoryEvents: false },
  };
  return info as never;
}
