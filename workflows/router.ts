import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  setDefaultSignalHandler,
  setHandler,
  startChild,
  ChildWorkflowCancellationType,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { publisherId } from '../pipeline/ids.ts';
import { LIVE_PRIORITY } from '../pipeline/priorities.ts';
import { endOfSignal, LARGE_HISTORY_BYTES } from '../pipeline/signal-size.ts';
import { subjectOf, Turns } from '../pipeline/turns.ts';
import { dataEvent, routerStatus, wake } from '../signals/index.ts';
import type { Acceptance } from '../activities/accept-events.ts';
import { requireText } from './require-text.ts';
import { briefly, patient } from './short-activities.ts';
import { inform, startOrTell } from './start-run.ts';
import { Throttle, type Unpaid } from './throttle.ts';
import { Underway } from './underway.ts';

export interface RouterInput {
  readonly pipeline: string;
  /** Messages that the previous execution had not accepted yet. */
  readonly queue?: readonly unknown[];
  readonly accepted?: number;
  readonly rejected?: number;
  readonly started?: number;
  /** How many executions of this router went before. */
  readonly continued?: number;
  /** What the execution before took beyond the router's rate. */
  readonly unpaid?: Unpaid;
}

const BATCH = 100;
/** Events of one dataset that a batch takes before those of the next. Often they start or tell the same run, once for all in a batch. */
const TURN = 25;
/** Most events that are accepted in the task that brought them; more of them mean a burst. */
const FEW = 10;
/**
 * Starts of runs and signals to them that may be under way beside the next batch: one may take long on a busy server. Each competes for
 * this workflow's lock, so with 200 of them a burst takes longer.
 */
const UNDERWAY = 20;
/** A replay costs about 0.3 ms an event, so a router that is seldom woken keeps its history short. */
const HISTORY_EVENTS = 1_000;
/** Most that is carried over, in UTF-16 units of JSON; the server refuses 2 MiB. A longer queue is drained first. */
const CARRIED = 700_000;

/**
 * Takes events and starts the runs that they make possible. It decides nothing: the catalog does, in one transaction
 * per batch, so any router may take any event and a repeated batch changes nothing. Datasets take turns in its batches, and it takes no
 * more events a second than the configuration allows (docs/decisions/0041).
 */
export async function router(input: RouterInput): Promise<void> {
  requireText(input, 'pipeline', '{"pipeline":"orders"}');
  const { continued = 0 } = input;
  let { accepted = 0, rejected = 0, started = 0 } = input;
  // Executions that began before take one event of a dataset in a turn, or all events in the order in which they came.
  const takesLongTurns = patched('longer-turns');
  const takesTurns = takesLongTurns || patched('take-turns');
  const queue = new Turns<unknown>(takesLongTurns ? TURN : 1);
  const add = (message: unknown): void => {
    queue.add(takesTurns ? subjectOf(message) : '', message);
  };
  input.queue?.forEach(add);
  setHandler(dataEvent, (message) => {
    if (Array.isArray(message)) message.forEach(add);
    else add(message);
  });
  setDefaultSignalHandler((name, ...args) => {
    add({ $undecodable: `the signal is named "${name}"; a router takes "dataEvent"`, args });
  });
  const throttle = new Throttle(input.unpaid);
  setHandler(routerStatus, () => ({
    ...{ queued: queue.length, accepted, rejected, started, slowed: throttle.slowed },
    ...{ historyEvents: workflowInfo().historyLength, continued },
  }));

  // Executions that began before wait for all starts of a batch before the next one.
  const underway = patched('accept-while-starting') ? new Underway() : undefined;

  // A cancelled router still routes what it was sent: it ends when its queue is empty, and the next signal starts another.
  let stopping = false;
  CancellationScope.current().cancelRequested.catch(() => {
    stopping = true;
  });
  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      await condition(() => queue.length > 0 || isLong() || stopping);
      if (queue.length === 0 && stopping) return underway?.atMost(0);
      if (queue.length > 0) {
        const batch = queue.take(endOfBatch(queue.first(BATCH)));
        const acceptance = await acceptUnlessLong(input.pipeline, batch, queue);
        if (acceptance !== undefined) {
          const begun = [...acceptance.actions.map(act), ...acceptance.endpoints.map(wakePublisher)];
          if (underway === undefined) await Promise.all(begun);
          else underway.begin(begun);
          queue.done();
          accepted += acceptance.accepted;
          rejected += acceptance.rejected;
          started += acceptance.actions.length;
          await underway?.atMost(UNDERWAY);
          await throttle.took(batch.length, isLarge() ? undefined : acceptance.eventsPerSecond);
        }
      }
      if (isLong()) await underway?.atMost(0);
      if (isLong() && fits(queue)) {
        const { pipeline } = input;
        const counts = { accepted, rejected, started, continued: continued + 1 };
        const { unpaid } = throttle;
        await continueAsNew<typeof router>({ pipeline, queue: queue.first(), ...counts, unpaid });
      }
    }
  });
}

/** How many of the messages one acceptance takes: a payload holds 2 MiB, and a task that asks for more never ends. */
function endOfBatch(messages: readonly unknown[]): number {
  return endOfSignal(messages.map((message) => ({ count: 1, size: JSON.stringify(message ?? null).length })));
}

/** Accepts the batch, or gives up with undefined when the history grows long while the catalog is away. */
async function acceptUnlessLong(
  pipeline: string,
  batch: readonly unknown[],
  queue: Turns<unknown>,
): Promise<Acceptance | undefined> {
  const startedLong = isLong();
  const scope = new CancellationScope();
  const accepting = scope.run(() => accept(pipeline, batch));
  const gaveUp = condition(() => !startedLong && isLong() && fits(queue)).then(() => undefined);
  try {
    const acceptance = await Promise.race([accepting, gaveUp]);
    if (acceptance === undefined) {
      scope.cancel();
      await accepting.catch(() => undefined);
    }
    return acceptance;
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return undefined;
  }
}

function accept(pipeline: string, batch: readonly unknown[]): Promise<Acceptance> {
  if (batch.length > FEW) return patient.acceptEvents(pipeline, batch);
  return briefly('router', (activities) => activities.acceptEvents(pipeline, batch));
}

function act(action: Acceptance['actions'][number]): Promise<void> {
  if (action.kind === 'inform') return inform(action);
  return startOrTell({ ...action, trigger: 'event' }, action.kind === 'tell');
}

async function wakePublisher(endpoint: string): Promise<void> {
  const workflowId = publisherId(endpoint);
  for (;;) {
    try {
      await getExternalWorkflowHandle(workflowId).signal(wake);
      return;
    } catch {
      log.info('starting the publisher', { endpoint });
    }
    try {
      await startChild('publisher', {
        workflowId,
        args: [{ endpoint }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        priority: LIVE_PRIORITY,
        staticSummary: `events to ${endpoint}`,
      });
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

function isLong(): boolean {
  const info = workflowInfo();
  return info.continueAsNewSuggested || info.historyLength > HISTORY_EVENTS;
}

function isLarge(): boolean {
  return workflowInfo().historySize > LARGE_HISTORY_BYTES;
}

function fits(queue: Turns<unknown>): boolean {
  return queue.length === 0 || JSON.stringify(queue.first()).length <= CARRIED;
}
