import type { Opening } from './opening.ts';

/**
 * What routing decided for one (event, dependent) pair. `started`: the event completed the inputs and a run opened.
 * `joined`: it counts for a run that is open or waits for more. `coalesced`: it changes nothing that was not already
 * taken up. `filtered`: the dependent does not listen to this status. `stale`: a newer revision of the label is
 * already there. Permanent names: they are rows in the catalog.
 */
export const VERDICTS = [
  'started',
  'joined',
  'coalesced',
  'filtered',
  'stale',
  'paused',
  'off_grid',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export function verdictOf(opening: Opening): { readonly verdict: Verdict; readonly reason: string } {
  switch (opening.kind) {
    case 'run':
      return opening.alreadyOpen
        ? {
            verdict: 'joined',
            reason: `revision ${String(opening.revision)} is running; it is looked at again when that ends`,
          }
        : { verdict: 'started', reason: `opened revision ${String(opening.revision)}` };
    case 'waiting':
      return {
        verdict: 'joined',
        reason: `${String(opening.have)} of ${String(opening.expected)} inputs are there`,
      };
    case 'nothing-new':
      return { verdict: 'coalesced', reason: `revision ${String(opening.revision)}: ${opening.reason}` };
  }
}
