import type { InputRevision } from './input-vector.ts';
import type { LabelPair } from './number-events.ts';
import { selectedOutcomes, type Outcome } from './outcome.ts';
import type { JoinRule, StageDefinition, StageInput } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** The newest event of an input label with an outcome that the input asks for. */
export interface Head {
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly eventId: string;
  /** How the label came out; a success when absent. */
  readonly outcome?: Outcome;
  /** Set when the revision is not settled: the input behind it that has moved on. */
  readonly unsettled?: LabelPair;
  /** Set when it will not become settled by itself, because something on the way has failed. */
  readonly stalled?: true;
}

/** True of a label that is there: only such a one can be checked, and so has to have passed the gates of its dataset. */
export function isThere({ outcome = 'SUCCESS' }: Head): boolean {
  return selectedOutcomes(['SUCCESS']).includes(outcome);
}

/** What the catalog knows about one input when a run is about to open. */
export interface InputState {
  readonly dataset: string;
  /** Heads of the labels that the window needs (or, of a window for the newest label, that one), in any order. */
  readonly heads: readonly Head[];
}

export interface MissingInput {
  readonly dataset: string;
  readonly timelabel: Timelabel;
  /** Set when the input is there but not settled: what it was made of and has newer revisions. */
  readonly unsettled?: LabelPair;
}

export interface Completeness {
  /** What a run that opens now takes. */
  readonly have: readonly InputRevision[];
  /** What it would take if all that is there were settled: more than `have` when something on the way has failed. */
  readonly present: readonly InputRevision[];
  /** What it lacks; of a partial run, what it does without. */
  readonly missing: readonly MissingInput[];
  /** How many of the `expected` labels are there, checked or not; a label and its check count one each. */
  readonly there: number;
  /** How many labels all windows together ask for. */
  readonly expected: number;
  /** True when as many inputs are complete and settled as the stage asks for. */
  readonly complete: boolean;
  /** True when it is complete only because the deadline has passed. */
  readonly partial: boolean;
}

interface InputCount {
  readonly gate: boolean;
  readonly expected: number;
  readonly have: readonly InputRevision[];
  readonly missing: readonly MissingInput[];
  readonly unsettled: readonly MissingInput[];
  readonly stalled: boolean;
}

/**
 * Compares what the calendar asks for with what is there; nothing is concluded from the absence of a known gap. With
 * `pastDeadline` a run takes whatever is there, as long as it is settled and not nothing.
 */
export function completeness(
  stage: StageDefinition,
  timelabel: Timelabel,
  states: readonly InputState[],
  pastDeadline: boolean,
): Completeness {
  const groups = inputGroups(stage.inputs).map((inputs) => {
    const counts = countGroup(stage, inputs, timelabel, states);
    return {
      counts,
      ready: counts.every(({ missing }) => missing.length === 0),
      stalled: counts.some((count) => count.stalled),
    };
  });
  const all = groups.flatMap(({ counts }) => counts);
  const expected = all.reduce((sum, count) => sum + count.expected, 0);
  const needed = neededInputs(stage.when ?? 'all', groups.length);
  const ready = groups.filter((group) => group.ready);
  // What has failed on the way to being settled holds a join only when the join cannot do without it.
  const going = ready.filter((group) => !group.stalled);
  const enough = ready.length >= needed;
  const chosen = going.length >= needed ? going : ready;
  const taken = enough ? chosen.flatMap(({ counts }) => counts) : pastDeadline ? all : [];
  const have = taken.flatMap((count) => count.have);
  // A check that has not looked at the newest data has not passed it, whatever the stage says of its inputs.
  const unsettled = taken
    .filter(({ gate }) => gate || stage.onUnsettled !== 'run')
    .flatMap((count) => count.unsettled);
  const complete = (enough || have.length > 0) && unsettled.length === 0;
  const absent = all.flatMap((count) => count.missing);
  const there = expected - absent.length;
  const open = all.flatMap((count) => count.have);
  const present = enough ? ready.flatMap(({ counts }) => counts.flatMap((count) => count.have)) : open;
  if (complete) {
    return { have, present, missing: enough ? [] : absent, there, expected, complete, partial: !enough };
  }
  return {
    have: open,
    present,
    missing: unsettled.length > 0 ? unsettled : absent,
    there,
    expected,
    complete,
    partial: false,
  };
}

/** How many of so many inputs must be complete. */
function neededInputs(when: JoinRule, inputs: number): number {
  if (when === 'all') return inputs;
  return Math.min(inputs, when === 'any' ? 1 : when.atLeast);
}

/** Each input together with the blocking checks of its dataset, which are no inputs of their own. */
function inputGroups(inputs: readonly StageInput[]): readonly (readonly StageInput[])[] {
  return inputs
    .filter(({ gate }) => gate === undefined)
    .map((input) => [input, ...inputs.filter(({ gate }) => gate === input.dataset)]);
}

/**
 * Counts an input together with its gates. A label counts only when all of them have it, so that nothing unchecked is
 * taken, not even at a deadline; and of a window for the newest label, the newest that all have is meant. A label that
 * is late or was skipped has nothing to check, so no gate is asked for it.
 */
function countGroup(
  stage: StageDefinition,
  inputs: readonly StageInput[],
  timelabel: Timelabel,
  states: readonly InputState[],
): readonly InputCount[] {
  const found = inputs.map((input) => {
    const need = inputNeed(input.window, stage.period, input.period, timelabel);
    const heads = states.find((state) => state.dataset === input.dataset)?.heads ?? [];
    const wanted = need.kind === 'labels' ? new Set<string>(need.labels) : undefined;
    const fits = ({ timelabel: label }: Head): boolean =>
      need.kind === 'newest' ? label <= need.atOrBefore : wanted?.has(label) === true;
    return { input, need, heads: new Map(heads.filter(fits).map((head) => [head.timelabel, head])) };
  });
  const [first] = found;
  const isUnchecked = (label: Timelabel): boolean => {
    const head = first?.heads.get(label);
    return head !== undefined && !isThere(head);
  };
  const shared = [...(first?.heads.keys() ?? [])].filter(
    (label) => isUnchecked(label) || found.every(({ heads }) => heads.has(label)),
  );
  const newest = shared.sort().at(-1);
  return found.map(({ input, need, heads }): InputCount => {
    const { dataset, gate } = input;
    const isAsked = (label: Timelabel): boolean => gate === undefined || !isUnchecked(label);
    const wanted =
      need.kind === 'labels' ? need.labels : [newest ?? wantedLabel(need.atOrBefore, first?.heads)];
    const labels = wanted.filter(isAsked);
    const taken = need.kind === 'labels' ? shared : newest === undefined ? [] : [newest];
    const open = taken.filter(isAsked);
    const have = open.flatMap((label) => heads.get(label) ?? []);
    return {
      gate: gate !== undefined,
      expected: labels.length,
      have: have.map(({ timelabel: label, revision, eventId }) => ({
        dataset,
        timelabel: label,
        revision,
        eventId,
      })),
      missing: labels.filter((label) => !heads.has(label)).map((label) => ({ dataset, timelabel: label })),
      unsettled: have.flatMap(({ timelabel: label, unsettled }) =>
        unsettled === undefined ? [] : [{ dataset, timelabel: label, unsettled }],
      ),
      stalled: have.some(({ stalled }) => stalled === true),
    };
  });
}

/** The label that is named as missing when no newest one can be taken: the one that waits for its gates, or the last that would do. */
function wantedLabel(atOrBefore: Timelabel, heads: ReadonlyMap<Timelabel, Head> | undefined): Timelabel {
  return [...(heads?.keys() ?? [])].sort().at(-1) ?? atOrBefore;
}
