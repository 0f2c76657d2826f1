import type { InputRevision } from './input-vector.ts';
import type { LabelPair } from './number-events.ts';
import type { JoinRule, StageDefinition, StageInput } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** The newest event of an input label with an outcome that the input asks for. */
export interface Head {
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly eventId: string;
  /** Set when the revision is not settled: the input behind it that has moved on. */
  readonly unsettled?: LabelPair;
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
  /** What it lacks; of a partial run, what it does without. */
  readonly missing: readonly MissingInput[];
  /** How many labels all windows together ask for. */
  readonly expected: number;
  /** True when as many inputs are complete and settled as the stage asks for. */
  readonly complete: boolean;
  /** True when it is complete only because the deadline has passed. */
  readonly partial: boolean;
  /** True when `have` is less than all windows ask for. */
  readonly gaps: boolean;
}

interface InputCount {
  readonly have: readonly InputRevision[];
  readonly missing: readonly MissingInput[];
  readonly unsettled: readonly MissingInput[];
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
    const counts = inputs.map((input) => countInput(stage, input, timelabel, states));
    return { counts, ready: counts.every(({ missing }) => missing.length === 0) };
  });
  const all = groups.flatMap(({ counts }) => counts);
  const expected = all.reduce((sum, { have, missing }) => sum + have.length + missing.length, 0);
  const ready = groups.filter((group) => group.ready);
  const enough = ready.length >= neededInputs(stage.when ?? 'all', groups.length);
  const taken = enough ? ready.flatMap(({ counts }) => counts) : pastDeadline ? all : [];
  const have = taken.flatMap((count) => count.have);
  const unsettled = stage.onUnsettled === 'run' ? [] : taken.flatMap((count) => count.unsettled);
  const complete = (enough || have.length > 0) && unsettled.length === 0;
  const gaps = have.length < expected;
  if (complete) {
    const missing = enough ? [] : all.flatMap((count) => count.missing);
    return { have, missing, expected, complete, partial: !enough, gaps };
  }
  return {
    have: all.flatMap((count) => count.have),
    missing: unsettled.length > 0 ? unsettled : all.flatMap((count) => count.missing),
    expected,
    complete,
    partial: false,
    gaps,
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

function countInput(
  stage: StageDefinition,
  input: StageInput,
  timelabel: Timelabel,
  states: readonly InputState[],
): InputCount {
  const { dataset } = input;
  const need = inputNeed(input.window, stage.period, input.period, timelabel);
  const heads = states.find((state) => state.dataset === dataset)?.heads ?? [];
  const have: Head[] = [];
  const missing: MissingInput[] = [];
  if (need.kind === 'newest') {
    const fitting = heads.filter((head) => head.timelabel <= need.atOrBefore);
    const newest = fitting.sort((a, b) => (a.timelabel < b.timelabel ? -1 : 1)).at(-1);
    if (newest === undefined) missing.push({ dataset, timelabel: need.atOrBefore });
    else have.push(newest);
  } else {
    const byTimelabel = new Map(heads.map((head) => [head.timelabel, head]));
    for (const label of need.labels) {
      const head = byTimelabel.get(label);
      if (head === undefined) missing.push({ dataset, timelabel: label });
      else have.push(head);
    }
  }
  return {
    have: have.map((head) => ({
      dataset,
      timelabel: head.timelabel,
      revision: head.revision,
      eventId: head.eventId,
    })),
    missing,
    unsettled: have.flatMap((head) =>
      head.unsettled === undefined ? [] : [{ dataset, timelabel: head.timelabel, unsettled: head.unsettled }],
    ),
  };
}
