import type { ReeflineEvent } from './data-event.ts';
import { backfillId, publisherId, routerId, runId, scheduleId } from './ids.ts';
import type { Trigger } from './opening.ts';
import type { Timelabel } from './timelabel.ts';

/**
 * What can be left undone when a process, a worker or a whole Temporal cluster dies at the wrong moment. Permanent
 * names: they are rows in the catalog.
 */
export const FINDING_KINDS = [
  'missing-schedule',
  'unreported-event',
  'closed-join',
  'unstarted-hold',
  'vanished-run',
  'ready-but-waiting',
  'missed-tick',
  'missing-label',
  'stalled-backfill',
  'stuck-delivery',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** The kinds that the sweep looks for, in this order. Schedules are the business of `apply` and `doctor`. */
export const SWEPT_KINDS = FINDING_KINDS.filter((kind) => kind !== 'missing-schedule');
export type SweptFindingKind = (typeof SWEPT_KINDS)[number];

interface OfLabel {
  readonly stage: string;
  readonly timelabel: Timelabel;
}

/** Work that is left undone, with everything that finishing it needs. */
export type Finding =
  | MissingSchedule
  | UnreportedEvent
  | ClosedJoin
  | UnstartedHold
  | VanishedRun
  | ReadyButWaiting
  | MissedTick
  | MissingLabel
  | StalledBackfill
  | StuckDelivery;

/** A stage has a schedule, and Temporal has none of it. */
export interface MissingSchedule {
  readonly kind: 'missing-schedule';
  readonly stage: string;
}

/** Events that are in the ledger and have reached no router. */
export interface UnreportedEvent extends OfLabel {
  readonly kind: 'unreported-event';
  readonly pipeline: string;
  /** Name of the router that gets them. */
  readonly router: string;
  readonly revision: number;
  readonly events: readonly ReeflineEvent[];
}

/**
 * A config version closed a waiting run, or changed what it waits for, or a person skipped it, and its workflow does not
 * know.
 */
export interface ClosedJoin extends OfLabel {
  readonly kind: 'closed-join';
  readonly revision: number;
  /** Set when a person skipped it. */
  readonly skipped?: true;
}

/** A pause held the label and is over. */
export interface UnstartedHold extends OfLabel {
  readonly kind: 'unstarted-hold';
  readonly trigger: Trigger;
  readonly request: string | null;
}

/** A run is open in the ledger, and its workflow has ended, or is open and does not know of it. */
export interface VanishedRun extends OfLabel {
  readonly kind: 'vanished-run';
  readonly revision: number;
  readonly status: 'WAITING' | 'RUNNING';
  readonly workflow: 'closed' | 'idle';
  readonly trigger: Trigger;
  readonly configVersion: number;
}

/** A run waits although its inputs are complete and settled, and neither a pause nor a limit holds it. */
export interface ReadyButWaiting extends OfLabel {
  readonly kind: 'ready-but-waiting';
  readonly revision: number;
  readonly trigger: Trigger;
}

/** A tick of a schedule is past and its label has no run. */
export interface MissedTick extends OfLabel {
  readonly kind: 'missed-tick';
}

/** The deadline of a label is past and the label has no run that could report it. */
export interface MissingLabel extends OfLabel {
  readonly kind: 'missing-label';
}

/** A backfill is under way in the catalog, and its workflow has ended. */
export interface StalledBackfill {
  readonly kind: 'stalled-backfill';
  readonly backfill: string;
  readonly status: string;
  /** The turn after which the workflow goes on. */
  readonly turn: number;
}

/** Messages are due, and nobody sends them. */
export interface StuckDelivery {
  readonly kind: 'stuck-delivery';
  readonly endpoint: string;
  /** How many, as far as they were counted. */
  readonly due: number;
}

/** What the finding is about, as people and commands name it. */
export function subjectOf(finding: Finding): string {
  switch (finding.kind) {
    case 'missing-schedule':
      return finding.stage;
    case 'unreported-event':
    case 'closed-join':
    case 'vanished-run':
    case 'ready-but-waiting':
      return `${finding.stage} ${finding.timelabel} r${String(finding.revision)}`;
    case 'unstarted-hold':
    case 'missed-tick':
    case 'missing-label':
      return `${finding.stage} ${finding.timelabel}`;
    case 'stalled-backfill':
      return finding.backfill;
    case 'stuck-delivery':
      return finding.endpoint;
  }
}

/** What is wrong, in one sentence. */
export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'missing-schedule':
      return `Temporal has no schedule ${scheduleId(finding.stage)}, so no clock starts ${finding.stage}.`;
    case 'unreported-event': {
      const ids = finding.events.map(({ eventId }) => eventId).join(', ');
      return `${finding.stage} ${finding.timelabel} reported ${ids}, and no router has taken it, so no dependent knows.`;
    }
    case 'closed-join':
      if (finding.skipped === true)
        return `${finding.stage} ${finding.timelabel} was skipped while it waited, and its workflow has not been told.`;
      return `A config version decided about the waiting run of ${finding.stage} ${finding.timelabel}, and its workflow has not been told.`;
    case 'unstarted-hold':
      return `A pause held ${finding.stage} ${finding.timelabel}. The pause is over and the label has not been started.`;
    case 'vanished-run':
      return describeVanished(finding);
    case 'ready-but-waiting':
      return `${finding.stage} ${finding.timelabel} waits although all its inputs are there.`;
    case 'missed-tick':
      return `The schedule of ${finding.stage} has ticked for ${finding.timelabel}, and the label has no run.`;
    case 'missing-label':
      return `The deadline of ${finding.stage} ${finding.timelabel} is past, and the label has no run that reports it.`;
    case 'stalled-backfill':
      return `The backfill ${finding.backfill} is ${finding.status} in the catalog, and its workflow ${backfillId(finding.backfill)} has ended.`;
    case 'stuck-delivery':
      return `At least ${String(finding.due)} messages to ${finding.endpoint} are due, and ${publisherId(finding.endpoint)} does not send them.`;
  }
}

function describeVanished({ stage, timelabel, revision, status, workflow }: VanishedRun): string {
  const run = `Revision ${String(revision)} of ${stage} ${timelabel}`;
  const doing = status === 'RUNNING' ? 'is running' : 'waits for inputs';
  const id = runId(stage, timelabel);
  return workflow === 'closed'
    ? `${run} ${doing} in the ledger, and its workflow ${id} has ended.`
    : `${run} ${doing} in the ledger, and its workflow ${id} does not work on it.`;
}

/** What mending does, as it goes into the record. */
export function describeMending(finding: Finding): string {
  switch (finding.kind) {
    case 'missing-schedule':
      return 'created the schedule again';
    case 'unreported-event':
      return `signalled the same events to the router of ${finding.pipeline} again`;
    case 'closed-join':
      return 'told the workflow to look at the catalog';
    case 'unstarted-hold':
      return 'asked for the run that was held';
    case 'vanished-run':
      return finding.status === 'RUNNING'
        ? `let revision ${String(finding.revision)} go on with the same plan`
        : 'started its workflow again, to wait under the same revision and deadline';
    case 'ready-but-waiting':
      return 'asked the run to look at its inputs again';
    case 'missed-tick':
      return 'started the run of the label';
    case 'missing-label':
      return 'started the run of the label, which reports that it is late or missing';
    case 'stalled-backfill':
      return 'started its workflow again, to go on where it was';
    case 'stuck-delivery':
      return 'woke the publisher';
  }
}

/** What a person can do about it, where the repair does not help. */
export function cureOfFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'missing-schedule':
      return 'reefline doctor --repair';
    case 'unreported-event':
      return `reefline doctor --repair; look at the router with: temporal workflow describe --workflow-id ${routerId(finding.router)}`;
    case 'closed-join':
    case 'unstarted-hold':
    case 'vanished-run':
    case 'ready-but-waiting':
      return `reefline doctor --repair; what led to it: reefline runs show ${finding.stage} ${finding.timelabel}`;
    case 'missed-tick':
    case 'missing-label':
      return `reefline doctor --repair, or for this label only: reefline run ${finding.stage} ${finding.timelabel}`;
    case 'stalled-backfill':
      return `reefline doctor --repair; to end it: reefline backfill cancel ${finding.backfill}`;
    case 'stuck-delivery':
      return `reefline doctor --repair; look at the last error with: temporal workflow describe --workflow-id ${publisherId(finding.endpoint)}`;
  }
}

/** How many of a kind were found and mended. Recorded in histories: fields are only ever added. */
export interface SweptKind {
  readonly kind: FindingKind;
  readonly found: number;
  readonly mended: number;
  /** Why the kind could not be looked for. */
  readonly error?: string;
}

/** Current details of a sweep in the Temporal Web UI, in Markdown. */
export function describeSweep(swept: readonly SweptKind[]): string {
  const lines = swept.flatMap(({ kind, found, mended, error }) => {
    if (error !== undefined) return [`- ${kind}: not looked for: ${error}`];
    return found === 0 ? [] : [`- ${kind}: ${String(found)} found, ${String(mended)} mended`];
  });
  return lines.length === 0 ? 'Nothing was left undone.' : lines.join('\n');
}
