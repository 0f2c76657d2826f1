import { addPeriods, comparePeriods, floorToPeriod, type Period } from './period.ts';
import { instantOf, intervalOf, labelAt, shiftLabel, type Timelabel } from './timelabel.ts';

/**
 * Which labels of an input make one label of a stage complete.
 * `same`: the same label. `all`: every label inside my interval. `as_of`: the newest label at or before mine, which
 * never starts a run by itself. `latest`: the newest label there is, whatever mine is. `last 7`: the 7 newest labels that start
 * before my interval ends, so with equal periods mine and the 6 before it.
 */
export type WindowRule = 'same' | 'all' | 'as_of' | 'latest' | `last ${number}`;

export type InputNeed =
  | { readonly kind: 'labels'; readonly labels: readonly Timelabel[] }
  | { readonly kind: 'newest'; readonly atOrBefore: Timelabel };

/** A label of mine that an upstream label is part of. */
export interface AffectedLabel {
  readonly label: Timelabel;
  /** False when its window holds upstream labels after this one, so that it is not due yet. */
  readonly last: boolean;
}

/** Labels are ordered as texts, and no other is above this one: what `latest` asks for while there is none. */
export const ABOVE_ALL = '99991231235900' as Timelabel;

const FEWEST = 2;
const MOST = 10_000;

/** Reads a window as the author of a stage writes it; undefined when it is none. `last N`: 2 to 10,000 labels. */
export function parseWindow(text: string): WindowRule | undefined {
  if (text === 'same' || text === 'all' || text === 'as_of' || text === 'latest') return text;
  const count = Number(/^last ([1-9]\d{0,4})$/.exec(text)?.[1]);
  return count >= FEWEST && count <= MOST ? `last ${count}` : undefined;
}

/** The rule that applies when the author wrote none; undefined when the periods do not divide each other. */
export function defaultWindow(mine: Period, upstream: Period): WindowRule | undefined {
  switch (comparePeriods(mine, upstream)) {
    case 'equal':
      return 'same';
    case 'finer':
      return 'all';
    case 'coarser':
      return 'as_of';
    case 'unrelated':
      return undefined;
  }
}

/** True when a label of the input starts runs of mine: never with `as_of`, nor with `latest` unless it fits into mine. */
export function triggers(rule: WindowRule, mine: Period, upstream: Period): boolean {
  if (rule === 'as_of') return false;
  if (rule !== 'latest') return true;
  const relation = comparePeriods(mine, upstream);
  return relation === 'equal' || relation === 'finer';
}

/** True when one label of the input will do, the newest that fits; every other rule asks for certain labels. */
export function takesNewest(rule: WindowRule): boolean {
  return rule === 'as_of' || rule === 'latest';
}

/** What a run of `label` needs from the input. Completeness is always this calendar set, never "no known gap". */
export function inputNeed(rule: WindowRule, mine: Period, upstream: Period, label: Timelabel): InputNeed {
  switch (rule) {
    case 'same':
      return { kind: 'labels', labels: [label] };
    case 'as_of':
      return { kind: 'newest', atOrBefore: label };
    case 'latest':
      return { kind: 'newest', atOrBefore: ABOVE_ALL };
    case 'all':
      return { kind: 'labels', labels: labelsInside(mine, upstream, label) };
    default:
      return { kind: 'labels', labels: lastLabels(countOf(rule), mine, upstream, label) };
  }
}

/** The labels of mine that an upstream label is part of, oldest first: the inverse of `inputNeed`, as far as the input `triggers`. */
export function affectedLabels(
  rule: WindowRule,
  mine: Period,
  upstream: Period,
  upstreamLabel: Timelabel,
): readonly AffectedLabel[] {
  if (!triggers(rule, mine, upstream)) return [];
  switch (rule) {
    case 'same':
      return [{ label: upstreamLabel, last: true }];
    case 'all':
    case 'as_of':
    case 'latest':
      return [{ label: labelAt(floorToPeriod(mine, instantOf(upstreamLabel))), last: true }];
    default:
      return labelsAround(countOf(rule), mine, upstream, upstreamLabel);
  }
}

function countOf(rule: `last ${number}`): number {
  return Number(rule.slice('last '.length));
}

function labelsInside(mine: Period, upstream: Period, label: Timelabel): Timelabel[] {
  const { start, end } = intervalOf(mine, label);
  const floor = floorToPeriod(upstream, start);
  const labels: Timelabel[] = [];
  for (
    let at = floor === start ? start : addPeriods(upstream, floor, 1);
    at < end;
    at = addPeriods(upstream, at, 1)
  )
    labels.push(labelAt(at));
  return labels;
}

function lastLabels(count: number, mine: Period, upstream: Period, label: Timelabel): Timelabel[] {
  const labels: Timelabel[] = [];
  // The newest label that starts before the end: labels are whole minutes.
  let at = floorToPeriod(upstream, intervalOf(mine, label).end - 1);
  for (let left = count; left > 0; left -= 1) {
    labels.push(labelAt(at));
    at = addPeriods(upstream, at, -1);
  }
  return labels.reverse();
}

/** The upstream label counts from its start on, until as many newer ones have started as the window holds. */
function labelsAround(
  count: number,
  mine: Period,
  upstream: Period,
  upstreamLabel: Timelabel,
): AffectedLabel[] {
  const next = instantOf(shiftLabel(upstream, upstreamLabel, 1));
  const dropped = instantOf(shiftLabel(upstream, upstreamLabel, count));
  const affected: AffectedLabel[] = [];
  let start = floorToPeriod(mine, instantOf(upstreamLabel));
  for (let end = addPeriods(mine, start, 1); end <= dropped; end = addPeriods(mine, end, 1)) {
    affected.push({ label: labelAt(start), last: end <= next });
    start = end;
  }
  return affected;
}
