import type { MissingInput } from './completeness.ts';
import type { Opening, Pause } from './opening.ts';
import type { StageDefinition } from './stage.ts';
import { labelCount } from './verdict.ts';
import { ABOVE_ALL } from './window.ts';

/**
 * What a stageRun workflow is told about its next step. Small on purpose: definition and inputs stay in the ledger,
 * and the activity reads them there. Recorded in histories, so fields are only ever added.
 */
export type RunStep = RunPlan | WaitingStep | PausedStep | HeldStep | GivenUpStep | NothingNewStep;

export interface RunPlan {
  readonly kind: 'run';
  readonly revision: number;
  readonly taskQueue: string;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  readonly summary: string;
  /** Set when inputs that change while the run is in flight cancel it. */
  readonly cancelOnRestatement?: true;
  /** Set when the run was open already and its inputs have changed since, so that it is looked at again when it ends. */
  readonly changed?: true;
  /** Told to a run in flight: its inputs have changed, so what it makes is out of date. */
  readonly superseded?: true;
}

export interface WaitingStep {
  readonly kind: 'waiting';
  readonly have: number;
  readonly expected: number;
  readonly missing: readonly MissingInput[];
  /** ISO instant at which the wait has to be reported; absent when it need not be. */
  readonly deadline?: string;
}

/** The stage is paused: the label is remembered and runs when the stage is resumed. */
export interface PausedStep {
  readonly kind: 'paused';
  readonly revision: number;
  readonly pause: Pause;
  /** True when the run was waiting for inputs, and stays open. */
  readonly waits: boolean;
  /** ISO instant at which the wait has to be reported; absent when it need not be. */
  readonly deadline?: string;
}

/** The limit of restated labels holds the label until a person releases it. */
export interface HeldStep {
  readonly kind: 'held';
  readonly revision: number;
  readonly limit: number;
  readonly waits: boolean;
  readonly deadline?: string;
}

/** The deadline has passed and the stage gives up on the label, until its inputs come after all. */
export interface GivenUpStep {
  readonly kind: 'missing';
  readonly revision: number;
  readonly message: string;
}

export interface NothingNewStep {
  readonly kind: 'nothing-new';
  readonly revision: number;
  readonly reason: string;
}

/** What the workflow is told of a run that is open. `taskQueue` is where the stage's activity runs. */
export function planOf(stage: StageDefinition, revision: number, taskQueue: string): RunPlan {
  return {
    kind: 'run',
    revision,
    taskQueue,
    timeoutSeconds: stage.timeoutSeconds,
    maxAttempts: stage.maxAttempts,
    summary: `${stage.work.kind} ${stage.output}`,
    ...(stage.onRestatement === 'cancel' ? { cancelOnRestatement: true } : {}),
  };
}

/** Turns a decided opening into the step that the workflow takes. */
export function stepOf(stage: StageDefinition, opening: Opening, taskQueue: string): RunStep {
  switch (opening.kind) {
    case 'run':
      return {
        ...planOf(stage, opening.revision, taskQueue),
        ...(opening.alreadyOpen && opening.changed ? { changed: true } : {}),
        ...(opening.alreadyOpen && opening.changed && stage.onRestatement === 'cancel'
          ? { superseded: true }
          : {}),
      };
    case 'waiting':
      return {
        kind: 'waiting',
        have: opening.have,
        expected: opening.expected,
        missing: opening.missing,
        ...deadlineOf(opening),
      };
    case 'paused':
      return {
        kind: 'paused',
        revision: opening.revision,
        pause: opening.pause,
        waits: opening.waits,
        ...deadlineOf(opening),
      };
    case 'held':
      return {
        kind: 'held',
        revision: opening.revision,
        limit: opening.limit,
        waits: opening.waits,
        ...deadlineOf(opening),
      };
    case 'nothing-new':
      return { kind: 'nothing-new', revision: opening.revision, reason: opening.reason };
  }
}

function deadlineOf({ deadline }: { readonly deadline: number | null }): { deadline?: string } {
  return deadline === null ? {} : { deadline: new Date(deadline).toISOString() };
}

/** Current details of a waiting run, in Markdown, for the Temporal Web UI. */
export function describeWaiting(step: WaitingStep): string {
  const named = step.missing.map((input) => `- ${describeMissing(input)}`);
  const rest = step.expected - step.have - step.missing.length;
  const more = rest > 0 ? [`- and ${String(rest)} more`] : [];
  const deadline = step.deadline === undefined ? [] : ['', `Late from ${step.deadline} on.`];
  const head = `${String(step.have)}/${String(step.expected)} ${step.expected === 1 ? 'input' : 'inputs'}, waiting for`;
  return [head, '', ...named, ...more, ...deadline].join('\n');
}

/** `warehouse.analytics.orders 20200303110000`, with what it has still to take up when it is there but not settled. */
export function describeMissing({ dataset, timelabel, unsettled }: MissingInput): string {
  // Of a window that takes the newest label, whichever that is, none is there yet.
  if (timelabel === ABOVE_ALL) return `the first label of ${dataset}`;
  if (unsettled === undefined) return `${dataset} ${timelabel}`;
  return `${dataset} ${timelabel}, to take up the newer ${unsettled.dataset} ${unsettled.timelabel}`;
}

/** Current details of a label that a pause or a limit holds back, in Markdown. */
export function describeHolding(step: PausedStep | HeldStep): string {
  if (step.kind === 'held')
    return `Held: events have restated ${labelCount(step.limit)} of the stage within 24 hours. A person releases it: reefline release.`;
  const { scope, by, since, reason } = step.pause;
  return `Ready, but ${scope} is paused since ${since} by ${by}: ${reason}`;
}
