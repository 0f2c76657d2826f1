import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { RunStep } from '../pipeline/run-plan.ts';

/*
 * What workflows accept. Names are permanent: they are in running histories and in other people's scripts.
 */

/** router: one event or a list of events. Anything may arrive; what is no event is recorded as rejected. */
export const dataEvent = defineSignal<[unknown]>('dataEvent');

/** stageRun: the router's decision after an input event, or null to look at the inputs again. */
export const inputEvent = defineSignal<[RunStep | null]>('inputEvent');

/** stageRun: a person asks for a new revision of unchanged inputs; the same request opens one revision only. */
export const rerun = defineSignal<[string]>('rerun');

/** publisher: something new is owed. */
export const wake = defineSignal('wake');

export interface RouterStatus {
  readonly queued: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly started: number;
}

export const routerStatus = defineQuery<RouterStatus>('status');

export interface StageRunStatus {
  readonly phase: 'opening' | 'waiting' | 'running' | 'closing';
  readonly step: RunStep | null;
}

export const stageRunStatus = defineQuery<StageRunStatus>('status');
