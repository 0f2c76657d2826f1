import type { EventError, ReeflineEvent } from './data-event.ts';

/* What activities tell of their work, so that it can be traced. */

/** One revision of one (stage, label). */
export interface TracedRun {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** When it began and ended, in milliseconds since the Unix epoch. */
export interface Lasted {
  readonly from: number;
  readonly to: number;
}

/** Without secrets: what a run reports, or what is kept of a delivery. */
export type TracedFailure = Pick<EventError, 'class' | 'message'>;

/** Something that an activity did. */
export type Happening =
  | (Lasted & { readonly kind: 'accepted'; readonly event: ReeflineEvent; readonly router: string })
  | (Lasted & {
      readonly kind: 'opened';
      readonly run: TracedRun;
      readonly dataset: string;
      readonly trigger: string;
    })
  | (Lasted & {
      readonly kind: 'attempted';
      readonly run: TracedRun;
      /** Null when it failed before anybody knew the stage. */
      readonly dataset: string | null;
      readonly attempt: number;
      readonly temporalRunId: string;
      readonly rows: number | null;
      readonly failure: TracedFailure | null;
      readonly cancelled: boolean;
    })
  | (Lasted & {
      readonly kind: 'closed';
      readonly run: TracedRun;
      readonly dataset: string;
      readonly trigger: string;
      readonly openedAt: number;
      readonly outcome: string;
      /** Of the data event that reports it; null when nothing does. */
      readonly eventId: string | null;
      readonly temporalRunId: string;
      readonly rows: number | null;
      readonly failure: TracedFailure | null;
    })
  | (Lasted & {
      readonly kind: 'delivered';
      readonly event: ReeflineEvent;
      readonly endpoint: string;
      readonly attempt: number;
      readonly replay: string | null;
      readonly failure: TracedFailure | null;
    });
