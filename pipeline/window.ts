import { addPeriods, comparePeriods, floorToPeriod, type Period } from './period.ts';
import { instantOf, intervalOf, labelAt, type Timelabel } from './timelabel.ts';

/**
 * Which labels of an input make one label of a stage complete.
 * `same`: the same label. `all`: every label inside my interval. `as_of`: the newest label at or before mine, which
 * never starts a run by itself.
 */
export type WindowRule = 'same' | 'all' | 'as_of';

export type InputNeed =
  | { readonly kind: 'labels'; readonly labels: readonly Timelabel[] }
  | { readonly kind: 'newest'; readonly atOrBefore: Timelabel };

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

/** What a run of `label` needs from the input. Completeness is always this calendar set, never "no known gap". */
export function inputNeed(rule: WindowRule, mine: Period, upstream: Period, label: Timelabel): InputNeed {
  switch (rule) {
    case 'same':
      return { kind: 'labels', labels: [label] };
    case 'as_of':
      return { kind: 'newest', atOrBefore: label };
    case 'all': {
      const { start, end } = intervalOf(mine, label);
      const labels: Timelabel[] = [];
      for (let at = start; at < end; at = addPeriods(upstream, at, 1)) labels.push(labelAt(at));
      return { kind: 'labels', labels };
    }
  }
}

/** The labels of mine that an upstream label is part of: the inverse of `inputNeed`. `as_of` triggers nothing. */
export function affectedLabels(
  rule: WindowRule,
  mine: Period,
  upstreamLabel: Timelabel,
): readonly Timelabel[] {
  switch (rule) {
    case 'same':
      return [upstreamLabel];
    case 'all':
      return [labelAt(floorToPeriod(mine, instantOf(upstreamLabel)))];
    case 'as_of':
      return [];
  }
}
