import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { BackfillProgress } from '../pipeline/backfill-progress.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { RunStep } from '../pipeline/run-plan.ts';

/*
 * What workflows accept. Names are permanent: they are in running histories and in other people's scripts.
 */

/** router: one event or a list of events. Anything may arrive; what is no event is recorded as rejected. */
export const dataEvent = defineSignal<[unknown]>('dataEvent');

/** stageRun: the router's decision after an input event, or null to look at the inputs again. */
export const inputEvent = defineSignal<[RunStep | null]>('inputEvent');

/** What a person or a backfill asks of a run; `request` names a new revision of unchanged inputs, null asks for none. */
export interface RunRequest {
  readonly request: string | null;
  /** Who asks; a person when absent. */
  readonly trigger?: Trigger;
  /** true: the run's event starts no dependents. */
  readonly only?: boolean;
  readonly backfill?: string;
  /** Name of the person, and why. */
  readonly by?: string;
  readonly reason?: string;
}

/**
 * stageRun: a person asks for a new revision of unchanged inputs; the same request opens one revision only. A plain text
 * is the name of the request.
 */
export const rerun = defineSignal<[string | RunRequest]>('rerun');

/** publisher: something new is owed. */
export const wake = defineSignal('wake');

export interface RouterStatus {
  readonly queued: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly started: number;
  /** Events in the history of this execution. Absent from workers of older builds, as is the next. */
  readonly historyEvents?: number;
  /** How often the router has gone on in a new history since it was started. */
  readonly continued?: number;
  /** true: it waits, because it was sent more events a second than it takes. */
  readonly slowed?: boolean;
}

export const routerStatus = defineQuery<RouterStatus>('status');

export interface StageRunStatus {
  readonly phase: 'opening' | 'waiting' | 'holding' | 'running' | 'closing';
  readonly step: RunStep | null;
}

export const stageRunStatus = defineQuery<StageRunStatus>('status');

/** backfill: begins no further labels until it is resumed; what is in flight goes on. */
export const pauseBackfill = defineSignal('pause');

/** backfill: goes on after a pause. */
export const resumeBackfill = defineSignal('resume');

/** backfill: begins no further labels and ends when what runs has ended. */
export const cancelBackfill = defineSignal('cancel');

/** backfill: plans everything anew that failed, was blocked, waits or was cancelled. */
export const retryBackfill = defineSignal('retry');

/** backfill: where it stands; null until it is planned. */
export const backfillProgress = defineQuery<BackfillProgress | null>('progress');
