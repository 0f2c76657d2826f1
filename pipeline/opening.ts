import { completeness, type InputState, type MissingInput } from './completeness.ts';
import { deadlineOf } from './deadline.ts';
import { vectorOf, type InputRevision } from './input-vector.ts';
import type { Outcome } from './outcome.ts';
import type { StageDefinition } from './stage.ts';
import { intervalOf, type Timelabel } from './timelabel.ts';

/**
 * `SKIPPED`: a person decided that the label is not made from these inputs. `SUPERSEDED`: cancelled in flight because
 * the inputs changed. `CLOSED`: the stage left the configuration while the run waited. Permanent names.
 */
export const RUN_STATUSES = [
  'WAITING',
  'RUNNING',
  'SUCCESS',
  'FAILURE',
  'SKIPPED',
  'SUPERSEDED',
  'CLOSED',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The newest run of the (stage, label) in the ledger, what surrounds it, and the vector that was last taken up. */
export interface LedgerState {
  readonly latest: {
    readonly revision: number;
    readonly status: RunStatus;
    readonly outcome: Outcome | null;
    readonly vector: string;
    readonly request: string | null;
    /** Of a waiting run: when it must be complete, milliseconds since the Unix epoch; null when nobody asks. */
    readonly deadline: number | null;
    /** Of a waiting run: its deadline has been reported. */
    readonly late: boolean;
    /** True when a person ran it on its own, so that its event started nothing. */
    readonly only: boolean;
    /** True of a run that succeeded after somebody else had reported a newer revision of the label, which is still the newest. */
    readonly overtaken: boolean;
  } | null;
  /** Vector of the newest run that succeeded or was skipped. */
  readonly acceptedVector: string | null;
  /** 0 when nobody, stage or outside service, ever reported the output label. */
  readonly highestRevision: number;
  /** The pause that is in force for the stage or its pipeline. */
  readonly paused: Pause | null;
  /** How many other labels of the stage events have restated within 24 hours; null when the stage sets no limit. */
  readonly restatedLabels: number | null;
}

export interface Pause {
  readonly scope: string;
  readonly by: string;
  readonly reason: string;
  /** ISO instant. */
  readonly since: string;
}

export const TRIGGERS = ['event', 'schedule', 'manual', 'backfill'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Why the opening is asked for. `event` never repeats a failed run of unchanged inputs; the others do. */
export interface OpeningRequest {
  readonly trigger: Trigger;
  /** Set when a person asks for a new revision of unchanged inputs; the same request never opens twice. */
  readonly rerun: string | null;
  /** true: the run is to start no dependents. */
  readonly only?: boolean;
}

export type Opening =
  | {
      readonly kind: 'run';
      readonly revision: number;
      readonly vector: string;
      readonly inputs: readonly InputRevision[];
      readonly alreadyOpen: boolean;
      /** Of a run that is open: its inputs have changed since. */
      readonly changed: boolean;
      /** True when it does without some of its inputs because its deadline has passed. */
      readonly partial: boolean;
      /** Of a partial run, what it does without; at most `NAMED_MISSING`. */
      readonly missing: readonly MissingInput[];
      /** True when the label had been made before. */
      readonly restates: boolean;
    }
  | {
      readonly kind: 'waiting';
      readonly revision: number;
      readonly have: number;
      readonly expected: number;
      readonly missing: readonly MissingInput[];
      /** Milliseconds since the Unix epoch; null when nothing is to be reported. */
      readonly deadline: number | null;
    }
  | ({ readonly kind: 'paused'; readonly revision: number; readonly pause: Pause } & Holding)
  | ({ readonly kind: 'held'; readonly revision: number; readonly limit: number } & Holding)
  | { readonly kind: 'nothing-new'; readonly revision: number; readonly reason: NothingNew };

/** A label that is complete and held back. */
export interface Holding {
  /** True when a run of the label is waiting, and goes on to. */
  readonly waits: boolean;
  /** Milliseconds since the Unix epoch; null when nothing is to be reported. */
  readonly deadline: number | null;
}

export type NothingNew =
  | 'same inputs'
  | 'failed with the same inputs'
  | 'request served'
  | 'skipped'
  | 'not due yet'
  | 'its interval has not ended';

/** Missing inputs that are named one by one; the count is always exact. */
export const NAMED_MISSING = 20;

/**
 * Decides what happens to one (stage, label) at the instant `now`: run it as which revision, wait for what, hold it, or
 * nothing. The decision is a function of the state only, so duplicated, replayed and racing events converge on the same revisions.
 */
export function decideOpening(
  stage: StageDefinition,
  timelabel: Timelabel,
  inputs: readonly InputState[],
  ledger: LedgerState,
  request: OpeningRequest,
  now: number,
): Opening {
  const { latest } = ledger;
  const asked = completeness(stage, timelabel, inputs, takesPart(stage, latest, now));
  const vector = vectorOf(asked.have, asked.have.length < asked.expected);
  // A failure upstream takes nothing away: what was made of all that is there is not made again with less.
  const present = vectorOf(asked.present, asked.present.length < asked.expected);
  const isNothingElse = (known: string | null): boolean => known === vector || known === present;
  if (latest?.status === 'RUNNING') {
    const changed = !isNothingElse(latest.vector);
    const { revision } = latest;
    const open = {
      alreadyOpen: true,
      changed,
      partial: false,
      missing: [],
      restates: ledger.acceptedVector !== null,
    };
    return { kind: 'run', revision, vector: latest.vector, inputs: [], ...open };
  }
  // A waiting run keeps its reserved revision, unless somebody else reported a newer one of its dataset meanwhile: what
  // the run will make is newer than that.
  const waits = latest?.status === 'WAITING';
  const reserved = waits && latest.revision === ledger.highestRevision;
  const revision = reserved ? latest.revision : ledger.highestRevision + 1;
  // A source that is read before the interval has ended lacks rows, and its own tick would find the label done.
  if (stage.inputs.length === 0 && intervalOf(stage.period, timelabel).end > now + slackOf(request))
    return { kind: 'nothing-new', revision: latest?.revision ?? 0, reason: 'its interval has not ended' };
  const reason = latest === null ? undefined : reasonToLeave(latest, isNothingElse, ledger, request);
  if (!asked.complete) {
    // An event that brings nothing else opens nothing. Whoever asks for the label gets a run that waits.
    if (latest !== null && reason !== undefined && request.trigger === 'event')
      return { kind: 'nothing-new', revision: latest.revision, reason };
    return {
      kind: 'waiting',
      revision,
      have: asked.there,
      expected: asked.expected,
      missing: asked.missing.slice(0, NAMED_MISSING),
      deadline: waits ? remaining(latest) : firstDeadline(stage, timelabel, latest, request.trigger, now),
    };
  }
  if (latest !== null && reason !== undefined)
    return { kind: 'nothing-new', revision: latest.revision, reason };
  const deadline = waits ? remaining(latest) : null;
  // A person who names a label means it, pause or not.
  if (ledger.paused !== null && request.trigger !== 'manual')
    return { kind: 'paused', revision, pause: ledger.paused, waits, deadline };
  const restates = ledger.acceptedVector !== null;
  const limit = stage.maxRestatedLabels ?? Infinity;
  if (restates && request.trigger === 'event' && (ledger.restatedLabels ?? 0) >= limit)
    return { kind: 'held', revision, limit, waits, deadline };
  return {
    kind: 'run',
    revision,
    vector,
    inputs: asked.have,
    alreadyOpen: false,
    changed: false,
    partial: asked.partial,
    missing: asked.missing.slice(0, NAMED_MISSING),
    restates,
  };
}

/**
 * Milliseconds by which a tick is believed that an interval has ended: ticks come by Temporal's clock, and this instant is of the
 * catalog's, which may be a little behind.
 */
function slackOf({ trigger }: OpeningRequest): number {
  return trigger === 'schedule' ? 60_000 : 0;
}

function remaining(latest: { readonly deadline: number | null; readonly late: boolean }): number | null {
  return latest.late ? null : latest.deadline;
}

/** A label that has been reported as missing is not reported again while it waits on. */
function firstDeadline(
  stage: StageDefinition,
  timelabel: Timelabel,
  latest: LedgerState['latest'],
  trigger: Trigger,
  now: number,
): number | null {
  return latest?.outcome === 'MISSING' ? null : deadlineOf(stage, timelabel, trigger, now);
}

/**
 * True when the deadline has just passed of a stage that then takes what is there. It does so once: what comes later is
 * taken up when all of it is there, or each late input would restate everything below.
 */
function takesPart(stage: StageDefinition, latest: LedgerState['latest'], now: number): boolean {
  if (stage.deadline?.then !== 'partial' || latest?.status !== 'WAITING') return false;
  return !latest.late && latest.deadline !== null && latest.deadline <= now;
}

/** Why a label is left alone; undefined when it must run, or wait for what it lacks. */
function reasonToLeave(
  latest: NonNullable<LedgerState['latest']>,
  isNothingElse: (vector: string | null) => boolean,
  ledger: LedgerState,
  request: OpeningRequest,
): NothingNew | undefined {
  if (latest.status === 'WAITING' || latest.status === 'CLOSED' || latest.status === 'SUPERSEDED')
    return undefined;
  // A request that was served asks for nothing more, but inputs that changed since then count as always.
  const served = request.rerun !== null && latest.request === request.rerun;
  if (request.rerun !== null && !served) return undefined;
  if (latest.status !== 'FAILURE') {
    // What it wrote came after that report, so those who read the label then have to read it again.
    if (latest.overtaken && !latest.only) return undefined;
    if (!isNothingElse(ledger.acceptedVector)) return undefined;
    // A person, a clock or a backfill that asks for a label which was skipped wants it made.
    if (latest.status === 'SKIPPED') return request.trigger === 'event' ? 'skipped' : undefined;
    // Nobody has heard of a label that a person ran on its own, so a clock or a person who asks for it makes it anew.
    if (latest.only && request.trigger !== 'event' && request.only !== true) return undefined;
    return served ? 'request served' : 'same inputs';
  }
  if (!isNothingElse(latest.vector)) return undefined;
  if (served) return 'request served';
  return request.trigger === 'event' ? 'failed with the same inputs' : undefined;
}
