import type { MissingInput, Opening } from './opening.ts';
import type { StageDefinition } from './stage.ts';

/**
 * What a stageRun workflow is told about its next step. Small on purpose: definition and inputs stay in the ledger,
 * and the activity reads them there. Recorded in histories, so fields are only ever added.
 */
export type RunStep = RunPlan | WaitingStep | NothingNewStep;

export interface RunPlan {
  readonly kind: 'run';
  readonly revision: number;
  readonly taskQueue: string;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  readonly summary: string;
}

export interface WaitingStep {
  readonly kind: 'waiting';
  readonly have: number;
  readonly expected: number;
  readonly missing: readonly MissingInput[];
}

export interface NothingNewStep {
  readonly kind: 'nothing-new';
  readonly revision: number;
  readonly reason: string;
}

/** Turns a decided opening into the step that the workflow takes. `taskQueue` is where the stage's activity runs. */
export function stepOf(stage: StageDefinition, opening: Opening, taskQueue: string): RunStep {
  switch (opening.kind) {
    case 'run':
      return {
        kind: 'run',
        revision: opening.revision,
        taskQueue,
        timeoutSeconds: stage.timeoutSeconds,
        maxAttempts: stage.maxAttempts,
        summary: `${stage.work.kind} ${stage.output}`,
      };
    case 'waiting':
      return { kind: 'waiting', have: opening.have, expected: opening.expected, missing: opening.missing };
    case 'nothing-new':
      return { kind: 'nothing-new', revision: opening.revision, reason: opening.reason };
  }
}

/** Current details of a waiting run, in Markdown, for the Temporal Web UI. */
export function describeWaiting(step: WaitingStep): string {
  const named = step.missing.map((input) => `- ${input.dataset} ${input.timelabel}`);
  const rest = step.expected - step.have - step.missing.length;
  const more = rest > 0 ? [`- and ${String(rest)} more`] : [];
  return [`${String(step.have)}/${String(step.expected)} inputs, waiting for`, '', ...named, ...more].join(
    '\n',
  );
}
