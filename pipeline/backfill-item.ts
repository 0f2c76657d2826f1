import type { RunStatus } from './opening.ts';

/**
 * Where an item of a backfill is. Permanent names: they are in the catalog.
 *
 * | state       | says                                                                                       |
 * | ----------- | ------------------------------------------------------------------------------------------ |
 * | `planned`   | not begun                                                                                  |
 * | `running`   | begun: started, or about to be started by the event of an item before it                   |
 * | `waiting`   | everything before it has ended, and its run waits for inputs that the backfill does not make |
 * | `success`   | its new revision is there, and its event is in the log                                     |
 * | `existing`  | there was nothing to do: the label is there and current                                    |
 * | `failure`   | its newest run failed                                                                      |
 * | `blocked`   | it did not run, because an item before it failed                                           |
 * | `skipped`   | a person skipped the label, or its stage left the configuration                            |
 * | `cancelled` | the backfill was cancelled before it ran                                                   |
 */
export const ITEM_STATES = [
  'planned',
  'running',
  'waiting',
  'success',
  'existing',
  'failure',
  'blocked',
  'skipped',
  'cancelled',
] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** Ends of an item that keep those after it from running, the gravest first. */
export const HINDERING_STATES = ['failure', 'blocked', 'cancelled', 'skipped', 'waiting'] as const;

/** An item before another one that has ended without a result, which keeps that one from running. */
export interface Hindrance {
  readonly state: (typeof HINDERING_STATES)[number];
  /** Stage and label, for people. */
  readonly item: string;
}

/** What is known of an item that has begun. */
export interface ItemEvidence {
  readonly baseline: number;
  /** How often the backfill has started or told its run. */
  readonly starts: number;
  /** Seconds since the last of these; null when there was none. */
  readonly secondsSinceStart: number | null;
  /** The newest run of the label in the ledger. */
  readonly newest: { readonly revision: number; readonly status: RunStatus } | null;
  /** True when the event of the newest run is in the log: then its dependents have been decided, too. */
  readonly logged: boolean;
  /** True when inputs have changed since the newest run, which therefore is not the last one. */
  readonly stale: boolean;
  /** Why the ledger holds the label back: a pause, or the limit of restated labels. */
  readonly held: 'paused' | 'storm' | null;
  /** True while an item before it has not ended. */
  readonly upstreamOpen: boolean;
  readonly hindrance: Hindrance | null;
  /** True when the run that the backfill started has ended since. */
  readonly childEnded: boolean;
  readonly stageKnown: boolean;
  readonly cancelling: boolean;
}

export type Judgement =
  | { readonly kind: 'leave' }
  | { readonly kind: 'start' }
  | {
      readonly kind: 'end';
      readonly state: Exclude<ItemState, 'planned' | 'running'>;
      readonly revision: number | null;
      readonly detail: string | null;
    };

/** A start of which the ledger shows nothing is repeated after so many seconds, at most so often. */
export const REPEAT_START_SECONDS = 120;
export const MAX_STARTS = 5;

const LEAVE: Judgement = { kind: 'leave' };

/** Decides where an item that has begun goes from here. */
export function judgeItem(item: ItemEvidence): Judgement {
  if (!item.stageKnown) return end('skipped', null, 'its stage has left the configuration');
  const { newest } = item;
  return newest !== null && newest.revision > item.baseline ? judgeRun(item, newest) : judgeUnopened(item);
}

function end(
  state: Exclude<ItemState, 'planned' | 'running'>,
  revision: number | null,
  detail: string | null,
): Judgement {
  return { kind: 'end', state, revision, detail };
}

/** The label has a run that counts. */
function judgeRun(item: ItemEvidence, { status, revision }: NonNullable<ItemEvidence['newest']>): Judgement {
  const { upstreamOpen, hindrance, logged, stale, held, cancelling } = item;
  switch (status) {
    case 'RUNNING':
    case 'SUPERSEDED':
      return LEAVE;
    case 'WAITING':
      if (cancelling) return end('cancelled', null, 'its run waits on and starts when its inputs are there');
      if (upstreamOpen || held === 'paused') return LEAVE;
      if (held === 'storm') return startOrRepeat(item);
      if (hindrance !== null && stateBehind(hindrance) === 'blocked')
        return end('blocked', null, `it waits for ${hindrance.item}`);
      return end('waiting', null, 'its run waits for inputs that this backfill does not make');
    case 'SUCCESS':
    case 'FAILURE': {
      // Until its event is in the log nobody has decided what it starts; an input that moved on makes it run again.
      if (!logged || (!cancelling && (upstreamOpen || stale))) return LEAVE;
      return end(status === 'SUCCESS' ? 'success' : 'failure', revision, null);
    }
    case 'SKIPPED':
      return end('skipped', revision, 'a person skipped the label');
    case 'CLOSED':
      return end('skipped', null, 'its stage left the configuration while it waited');
  }
}

/** No run has been opened for it yet. */
function judgeUnopened(item: ItemEvidence): Judgement {
  const { newest, held, upstreamOpen, hindrance, childEnded, starts, cancelling } = item;
  if (cancelling && (starts === 0 || held !== null))
    return end('cancelled', null, 'it had not run when the backfill was cancelled');
  if (held === 'paused' || upstreamOpen) return LEAVE;
  if (childEnded) {
    if (newest?.status === 'SUCCESS') return end('existing', newest.revision, 'it was there and current');
    if (newest?.status === 'FAILURE') return end('failure', newest.revision, null);
    return end(
      'failure',
      null,
      'its run ended before it could open; the Temporal Web UI shows the reason under its id',
    );
  }
  if (hindrance !== null) {
    const { state, item: before } = hindrance;
    return end(stateBehind(hindrance), null, `before it, ${before} is ${state}`);
  }
  return startOrRepeat(item);
}

/** What the limit of restated labels holds runs, too, for the limit holds nothing that a backfill starts. */
function startOrRepeat({ starts, secondsSinceStart, cancelling }: ItemEvidence): Judgement {
  if (starts === 0) return { kind: 'start' };
  if ((secondsSinceStart ?? 0) < REPEAT_START_SECONDS) return LEAVE;
  if (cancelling) return end('cancelled', null, 'it had not opened when the backfill was cancelled');
  if (starts >= MAX_STARTS) {
    const text = `it was started ${String(starts)} times and no run of it opened; look at its run in the Temporal Web UI`;
    return end('failure', null, text);
  }
  return { kind: 'start' };
}

/** How an item ends whose run nobody will start, because of what is before it. */
function stateBehind({ state }: Hindrance): 'blocked' | 'cancelled' | 'skipped' | 'waiting' {
  return state === 'failure' ? 'blocked' : state;
}
