import type { StageDefinition } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** The newest event of an input label with a status that the input asks for. */
export interface Head {
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly eventId: string;
}

/** What the catalog knows about one input when a run is about to open. */
export interface InputState {
  readonly dataset: string;
  /** Heads of the labels that the window needs (or, for `as_of`, the one newest head), in any order. */
  readonly heads: readonly Head[];
}

export const RUN_STATUSES = ['WAITING', 'RUNNING', 'SUCCESS', 'FAILURE'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The newest run of the (stage, label) in the ledger, and the vector that its last success used. */
export interface LedgerState {
  readonly latest: {
    readonly revision: number;
    readonly status: RunStatus;
    readonly vector: string;
    readonly request: string | null;
  } | null;
  readonly lastSuccessVector: string | null;
  /** 0 when nobody, stage or outside service, ever reported the output label. */
  readonly highestRevision: number;
}

/** Why the opening is asked for. `event` never repeats a failed run of unchanged inputs; the others do. */
export interface OpeningRequest {
  readonly trigger: 'event' | 'schedule' | 'manual' | 'backfill';
  /** Set when a person asks for a new revision of unchanged inputs; the same request never opens twice. */
  readonly rerun: string | null;
}

export interface InputRevision {
  readonly dataset: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly eventId: string;
}

export type Opening =
  | {
      readonly kind: 'run';
      readonly revision: number;
      readonly vector: string;
      readonly inputs: readonly InputRevision[];
      readonly alreadyOpen: boolean;
    }
  | {
      readonly kind: 'waiting';
      readonly revision: number;
      readonly have: number;
      readonly expected: number;
      readonly missing: readonly MissingInput[];
    }
  | {
      readonly kind: 'nothing-new';
      readonly revision: number;
      readonly reason: 'same inputs' | 'failed with the same inputs' | 'request served';
    };

export interface MissingInput {
  readonly dataset: string;
  readonly timelabel: Timelabel;
}

/** Missing inputs that are named one by one; the count is always exact. */
export const NAMED_MISSING = 20;

/**
 * Decides what happens to one (stage, label): run it as which revision, wait for what, or nothing. The decision is a
 * function of the state only, so duplicated, replayed and racing events converge on the same revisions.
 */
export function decideOpening(
  stage: StageDefinition,
  timelabel: Timelabel,
  inputs: readonly InputState[],
  ledger: LedgerState,
  request: OpeningRequest,
): Opening {
  const { latest } = ledger;
  if (latest?.status === 'RUNNING') {
    return { kind: 'run', revision: latest.revision, vector: latest.vector, inputs: [], alreadyOpen: true };
  }
  // A waiting run keeps its reserved revision, unless somebody else reported a newer one of its dataset meanwhile: what
  // the run will make is newer than that.
  const reserved = latest?.status === 'WAITING' && latest.revision === ledger.highestRevision;
  const revision = reserved ? latest.revision : ledger.highestRevision + 1;
  const { have, missing, expected } = completeness(stage, timelabel, inputs);
  const vector = vectorOf(have);
  if (missing.length > 0) {
    return {
      kind: 'waiting',
      revision,
      have: have.length,
      expected,
      missing: missing.slice(0, NAMED_MISSING),
    };
  }
  const reason = latest === null ? undefined : reasonToLeave(latest, vector, ledger, request);
  if (latest !== null && reason !== undefined)
    return { kind: 'nothing-new', revision: latest.revision, reason };
  return { kind: 'run', revision, vector, inputs: have, alreadyOpen: false };
}

/** Why a label whose inputs are complete is left alone; undefined when it must run. */
function reasonToLeave(
  latest: NonNullable<LedgerState['latest']>,
  vector: string,
  ledger: LedgerState,
  request: OpeningRequest,
): 'same inputs' | 'failed with the same inputs' | 'request served' | undefined {
  if (latest.status === 'WAITING') return undefined;
  // A request that was served asks for nothing more, but inputs that changed since then count as always.
  const served = request.rerun !== null && latest.request === request.rerun;
  if (request.rerun !== null && !served) return undefined;
  if (latest.status === 'SUCCESS' && ledger.lastSuccessVector === vector)
    return served ? 'request served' : 'same inputs';
  if (latest.status !== 'FAILURE' || latest.vector !== vector) return undefined;
  if (served) return 'request served';
  return request.trigger === 'event' ? 'failed with the same inputs' : undefined;
}

/** Compares what the calendar asks for with what is there; nothing is concluded from the absence of a known gap. */
export function completeness(
  stage: StageDefinition,
  timelabel: Timelabel,
  inputs: readonly InputState[],
): {
  readonly have: readonly InputRevision[];
  readonly missing: readonly MissingInput[];
  readonly expected: number;
} {
  const have: InputRevision[] = [];
  const missing: MissingInput[] = [];
  for (const input of stage.inputs) {
    const { dataset } = input;
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const heads = inputs.find((state) => state.dataset === dataset)?.heads ?? [];
    if (need.kind === 'newest') {
      const newest = heads
        .filter((head) => head.timelabel <= need.atOrBefore)
        .sort(byLabel)
        .at(-1);
      if (newest === undefined) missing.push({ dataset, timelabel: need.atOrBefore });
      else have.push({ dataset, ...newest });
      continue;
    }
    const byTimelabel = new Map(heads.map((head) => [head.timelabel, head]));
    for (const label of need.labels) {
      const head = byTimelabel.get(label);
      if (head === undefined) missing.push({ dataset, timelabel: label });
      else have.push({ dataset, ...head });
    }
  }
  return { have, missing, expected: have.length + missing.length };
}

function byLabel(a: Head, b: Head): number {
  return a.timelabel < b.timelabel ? -1 : 1;
}

/**
 * The inputs of a run as one comparable text: per dataset its first and last label and the revisions between, equal
 * neighbours counted (`warehouse.analytics.flights 20010105000000-20010105230000 1x8 2 1x15`).
 */
export function vectorOf(inputs: readonly InputRevision[]): string {
  const datasets = new Map<string, InputRevision[]>();
  for (const input of inputs) datasets.set(input.dataset, [...(datasets.get(input.dataset) ?? []), input]);
  return [...datasets.keys()]
    .sort()
    .map((dataset) => {
      const labels = (datasets.get(dataset) ?? []).sort(byTimelabelOrder);
      return `${dataset} ${labels[0]?.timelabel ?? ''}-${labels.at(-1)?.timelabel ?? ''} ${runLengths(labels.map((label) => label.revision))}`;
    })
    .join('; ');
}

function byTimelabelOrder(a: InputRevision, b: InputRevision): number {
  return a.timelabel < b.timelabel ? -1 : 1;
}

function runLengths(revisions: readonly number[]): string {
  const parts: { revision: number; count: number }[] = [];
  for (const revision of revisions) {
    const last = parts.at(-1);
    if (last?.revision === revision) last.count += 1;
    else parts.push({ revision, count: 1 });
  }
  return parts
    .map(({ revision, count }) => (count === 1 ? String(revision) : `${String(revision)}x${String(count)}`))
    .join(' ');
}
