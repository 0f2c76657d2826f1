import type { Opening } from './opening.ts';

/**
 * What routing decided for one (event, dependent) pair. `started`: the event completed the inputs and a run opened.
 * `joined`: it counts for a run that is open or waits for more. `coalesced`: it changes nothing that was not already
 * taken up. `filtered`: the dependent does not listen to this status. `stale`: a newer revision of the label is
 * already there. `paused`: the label would have run; it does when the stage is resumed. `held`: the limit of restated
 * labels holds it until a person releases it. Permanent names: they are rows in the catalog.
 */
export const VERDICTS = [
  'started',
  'joined',
  'coalesced',
  'filtered',
  'stale',
  'paused',
  'off_grid',
  'held',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export function verdictOf(opening: Opening): { readonly verdict: Verdict; readonly reason: string } {
  switch (opening.kind) {
    case 'run':
      return opening.alreadyOpen
        ? {
            verdict: 'joined',
            reason: `revision ${String(opening.revision)} is running; ${opening.changed ? 'its inputs have changed, so another follows' : 'it is looked at again when that ends'}`,
          }
        : { verdict: 'started', reason: `opened revision ${String(opening.revision)}` };
    case 'waiting':
      return {
        verdict: 'joined',
        reason: waitingReason(opening),
      };
    case 'paused':
      return {
        verdict: 'paused',
        reason: `${opening.pause.scope} is paused since ${opening.pause.since} by ${opening.pause.by}: ${opening.pause.reason}`,
      };
    case 'held':
      return {
        verdict: 'held',
        reason: `events have restated ${labelCount(opening.limit)} of the stage within 24 hours, which is its max_restated_labels`,
      };
    case 'nothing-new':
      if (opening.reason === 'not due yet')
        return { verdict: 'coalesced', reason: 'the newest label of its window is still to come' };
      return { verdict: 'coalesced', reason: `revision ${String(opening.revision)}: ${opening.reason}` };
  }
}

function waitingReason(opening: Opening & { kind: 'waiting' }): string {
  const [first] = opening.missing;
  if (first?.unsettled !== undefined)
    return `${first.dataset} ${first.timelabel} is there, but ${first.unsettled.dataset} ${first.unsettled.timelabel}, of which it was made, has a newer revision`;
  return inputsThere(opening);
}

/** `11 of 24 inputs are there`, `0 of 1 input is there`. */
export function inputsThere({
  have,
  expected,
}: {
  readonly have: number;
  readonly expected: number;
}): string {
  return `${String(have)} of ${String(expected)} ${expected === 1 ? 'input is' : 'inputs are'} there`;
}

/** `1 label`, `4 labels`. */
export function labelCount(count: number): string {
  return `${String(count)} ${count === 1 ? 'label' : 'labels'}`;
}
