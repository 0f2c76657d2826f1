import { ApplicationFailure } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { runId } from '../pipeline/ids.ts';
import type { OpeningRequest } from '../pipeline/opening.ts';
import { describeHolding, describeWaiting, type RunStep } from '../pipeline/run-plan.ts';
import { inputEvent, rerun, stageRunStatus, type RunRequest, type StageRunStatus } from '../signals/index.ts';
import { requireText } from './require-text.ts';
import { runAndReport, type Ended } from './run-and-report.ts';
import { missingSearchAttributes } from './search-attributes.ts';
import { briefly } from './short-activities.ts';

export interface StageRunInput {
  readonly stage: string;
  readonly timelabel: string;
  readonly trigger?: OpeningRequest['trigger'];
  /** What the router decided; absent when a person, a schedule or a script starts the run. */
  readonly step?: RunStep;
  /** true: a new revision even though no input changed. A text names the request, so that it is served once. */
  readonly rerun?: boolean | string;
  /** true: the run's event starts no dependents. */
  readonly only?: boolean;
  /** Id of the backfill that the run is part of. */
  readonly backfill?: string;
  /** Who asks, and why. */
  readonly by?: string;
  readonly reason?: string;
}

export interface StageRunResult {
  readonly status: 'SUCCESS' | 'nothing-new' | 'paused' | 'held';
  readonly revision: number;
  readonly detail: string;
}

/** What somebody asked for, apart from who it was. */
type Asked = Omit<RunRequest, 'trigger'>;

/**
 * One (stage, label), all its revisions one after the other. Waits visibly until the inputs are complete, runs the
 * stage, reports, and looks again when its inputs changed meanwhile.
 *
 * `opening`: asks the catalog what to do. `waiting`: for inputs, until a signal or the deadline. `holding`: complete,
 * but a pause or a limit holds it. `running`, `closing`: one revision. Ends after a revision that nothing new followed.
 */
export async function stageRun(input: StageRunInput): Promise<StageRunResult> {
  checkInput(input);
  const inbox: (RunStep | null)[] = [];
  let request = requestOf(input);
  let trigger = input.trigger ?? 'manual';
  let failed: Ended | null = null;
  let status: StageRunStatus = { phase: 'opening', step: null };
  setHandler(inputEvent, (step) => void inbox.push(step));
  setHandler(rerun, (asked) => {
    const { trigger: asker = 'manual', ...wanted } = typeof asked === 'string' ? { request: asked } : asked;
    trigger = asker;
    request = wanted;
    inbox.push(null);
  });
  setHandler(stageRunStatus, () => status);

  let step: RunStep | null = input.step ?? null;
  for (;;) {
    status = { phase: 'opening', step };
    // What is opened now takes up everything that was signalled until now.
    if (step === null) inbox.length = 0;
    const asked = request;
    step ??= await briefly('run', (activities) =>
      activities.openRun({ stage: input.stage, timelabel: input.timelabel, trigger, ...openingOf(asked) }),
    );
    switch (step.kind) {
      case 'nothing-new':
        if (inbox.length === 0) {
          // Messages made a failed run look again, and it found nothing to try: it stays failed.
          if (failed !== null) throw failed.failure;
          return { status: 'nothing-new', revision: step.revision, detail: step.reason };
        }
        break;
      case 'missing':
        setCurrentDetails(step.message);
        if (inbox.length === 0) throw ApplicationFailure.nonRetryable(step.message, 'missing');
        break;
      case 'waiting': {
        status = { phase: 'waiting', step };
        setCurrentDetails(describeWaiting(step));
        const inTime = await woken(inbox, step.deadline);
        if (!inTime) {
          const { stage, timelabel } = input;
          step = await briefly('run', (activities) => activities.passDeadline({ stage, timelabel }));
          continue;
        }
        if (inbox.length === 0) await goOn(input, step, trigger, request);
        break;
      }
      case 'paused':
      case 'held':
        status = { phase: 'holding', step };
        setCurrentDetails(describeHolding(step));
        if (!step.waits && inbox.length === 0 && failed !== null) throw failed.failure;
        if (!step.waits && inbox.length === 0)
          return { status: step.kind, revision: step.revision, detail: describeHolding(step) };
        if (!(await woken(inbox, step.deadline))) {
          const { stage, timelabel } = input;
          step = await briefly('run', (activities) => activities.passDeadline({ stage, timelabel }));
          continue;
        }
        if (inbox.length === 0) await goOn(input, step, trigger, request);
        break;
      case 'run': {
        // Whoever opened it did not know of what has changed since, and the message that did may have been looked at.
        if (step.changed === true) inbox.push(step);
        setCurrentDetails(`Revision ${String(step.revision)} is running.`);
        showInSearch({ stage: input.stage, timelabel: input.timelabel, trigger, revision: step.revision });
        const { revision } = step;
        const ended = await runAndReport(input, step, {
          phase: (phase) => (status = { phase, step }),
          isSuperseded: () => inbox.some((message) => supersedes(message, revision)),
        });
        // Somebody else ended it, and nobody knows what has arrived since then.
        if (ended.before && patched('look-when-ended-before')) inbox.push(null);
        if (ended.overtaken) inbox.push(null);
        setCurrentDetails(describeEnd(step.revision, ended));
        failed = ended.error === null ? null : ended;
        if (inbox.length === 0) {
          if (failed !== null) throw failed.failure;
          return { status: 'SUCCESS', revision: step.revision, detail: '' };
        }
        break;
      }
    }
    // Served: the next look asks what the inputs say. A request that arrived meanwhile is another one.
    if (isServed(step) && request === asked) {
      request = null;
      trigger = 'event';
    }
    const messages = inbox.splice(0);
    step = newest(messages, step);
    const later = laterThan(step, messages);
    if (later.length > 0 && patched('look-after-later-messages')) inbox.push(...later);
  }
}

/** True when the message says that the inputs of this very revision have changed; it may speak of an earlier one. */
function supersedes(message: RunStep | null, revision: number): boolean {
  return message?.kind === 'run' && message.superseded === true && message.revision === revision;
}

function isServed(step: RunStep): boolean {
  return step.kind !== 'waiting' && step.kind !== 'paused' && step.kind !== 'held';
}

/** Waits for a message, or for a history that has grown too long; false when the deadline, an ISO instant, came first. */
async function woken(inbox: readonly unknown[], deadline?: string): Promise<boolean> {
  const isWoken = (): boolean => inbox.length > 0 || workflowInfo().continueAsNewSuggested;
  if (deadline !== undefined) return condition(isWoken, Math.max(1, Date.parse(deadline) - Date.now()));
  await condition(isWoken);
  return true;
}

/** What was served is asked for no more, and who asks now asks on. */
function goOn(
  { stage, timelabel }: StageRunInput,
  step: RunStep,
  trigger: OpeningRequest['trigger'],
  asked: Asked | null,
): Promise<never> {
  const { rerun: name, ...rest } = openingOf(asked);
  const request = { ...rest, ...(name === null ? {} : { rerun: name }) };
  return continueAsNew<typeof stageRun>({ stage, timelabel, trigger, step, ...request });
}

/** The id is what keeps a label from running twice at once, so a run under any other id is refused. */
function checkInput(input: StageRunInput): void {
  const example = '{"stage":"orders.load_orders","timelabel":"20200303110000"}';
  requireText(input, 'stage', example);
  requireText(input, 'timelabel', example);
  const { workflowId } = workflowInfo();
  const wanted = runId(input.stage, input.timelabel);
  if (workflowId === wanted) return;
  throw ApplicationFailure.nonRetryable(
    `A run of this stage and label has the workflow id "${wanted}", and this one has "${workflowId}". Start it under that id: two ids would let one label run twice at once.`,
    'invalid_config',
  );
}

function requestOf({ rerun: wanted, only, backfill, by, reason }: StageRunInput): Asked | null {
  const request = typeof wanted === 'string' ? wanted : wanted === true ? workflowInfo().runId : null;
  if (request === null && only !== true && backfill === undefined && by === undefined) return null;
  return {
    request,
    ...(only === true ? { only } : {}),
    ...(backfill === undefined ? {} : { backfill }),
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function openingOf(asked: Asked | null): { rerun: string | null } & Omit<Asked, 'request'> {
  if (asked === null) return { rerun: null };
  const { request, ...rest } = asked;
  return { rerun: request, ...rest };
}

/**
 * What to do after messages arrived: a run that the router opened comes first, whatever order the messages came in;
 * while waiting, the fullest count is shown; anything else is looked up.
 */
function newest(messages: readonly (RunStep | null)[], current: RunStep): RunStep | null {
  if (current.kind !== 'waiting') return null;
  const run = messages.find((message) => message?.kind === 'run');
  if (run !== undefined) return run;
  if (messages.some((message) => message?.kind !== 'waiting')) return null;
  return messages.reduce<RunStep>(
    (best, message) =>
      message?.kind === 'waiting' && best.kind === 'waiting' && message.have >= best.have ? message : best,
    current,
  );
}

/**
 * Messages that came together with the run that was opened, and that may know of changes after it: the run took up
 * what was there when it opened. Those that tell of waiting or holding were sent before.
 */
function laterThan(step: RunStep | null, messages: readonly (RunStep | null)[]): readonly (RunStep | null)[] {
  if (step?.kind !== 'run') return [];
  const superseded = step.superseded === true;
  return messages.filter((message) => {
    if (message === step) return superseded;
    return message?.kind !== 'waiting' && message?.kind !== 'paused' && message?.kind !== 'held';
  });
}

function describeEnd(revision: number, ended: Ended): string {
  if (ended.superseded) return `Revision ${String(revision)} was cancelled: its inputs changed.`;
  return ended.error === null ? `Revision ${String(revision)} succeeded.` : ended.error.message;
}

function showInSearch(run: Parameters<typeof missingSearchAttributes>[1]): void {
  const missing = missingSearchAttributes(workflowInfo().typedSearchAttributes, run);
  if (missing.length > 0) upsertSearchAttributes(missing);
}
