import type { StandingFacts, VerdictFact } from './explanation-facts.ts';
import type { Moment } from './explanation-timeline.ts';
import { clause, counted, listed } from './explanation-words.ts';
import type { Verdict } from './verdict.ts';

/** What routing decided about events for this label. What an event started is told with the run. */
export function upstreamMoments({ verdicts }: StandingFacts): readonly Moment[] {
  const groups: VerdictFact[][] = [];
  for (const verdict of verdicts) {
    if (verdict.verdict === 'started' || verdict.verdict === 'paused' || verdict.verdict === 'held') continue;
    const group = groups.at(-1);
    if (group?.[0] !== undefined && sameKind(group[0], verdict)) group.push(verdict);
    else groups.push([verdict]);
  }
  return groups.flatMap((group) => {
    const last = group.at(-1);
    return last === undefined ? [] : [{ at: last.decidedAt, text: upstreamText(group, last) }];
  });
}

function sameKind(a: VerdictFact, b: VerdictFact): boolean {
  return a.verdict === b.verdict && a.dataset === b.dataset && a.verdict === 'joined';
}

function upstreamText(group: readonly VerdictFact[], last: VerdictFact): string {
  const reason = clause(last.reason);
  if (group.length > 1)
    return `${counted(group.length, 'event')} of ${last.dataset} counted for it, the last one ${last.eventLabel}: ${reason}.`;
  const event = `${last.dataset} ${last.eventLabel} came as revision ${String(last.eventRevision)} (${last.outcome})`;
  switch (last.verdict) {
    case 'joined':
      return `${event} and counted for it: ${reason}.`;
    case 'coalesced':
      return `${event} and changed nothing: ${reason}.`;
    case 'filtered':
      return `${event} and was filtered: ${reason}.`;
    case 'stale':
      return `${event} too late: ${reason}.`;
    case 'off_grid':
      return `${event} and fits no label: ${reason}.`;
    case 'started':
    case 'paused':
    case 'held':
      return `${event}: ${reason}.`;
  }
}

const DID: Readonly<Record<Verdict, string>> = {
  started: 'started',
  joined: 'counts for',
  coalesced: 'changed nothing for',
  filtered: 'was filtered for',
  stale: 'came too late for',
  paused: 'is held by a pause for',
  off_grid: 'fits no label of',
  held: 'is held by the limit of restated labels for',
};

/** Dependents that are named of each verdict. */
const NAMED = 4;

/** What the newest event of the label did below. */
export function downstreamMoments({ downstream }: StandingFacts): readonly Moment[] {
  return [...Map.groupBy(downstream, ({ verdict }) => verdict)].flatMap(([verdict, group]) => {
    const last = group.at(-1);
    if (last === undefined) return [];
    const names = group.slice(0, NAMED).map(({ stage, timelabel }) => `${stage} ${timelabel}`);
    const more = group.length > NAMED ? [`${String(group.length - NAMED)} more`] : [];
    const why = verdict === 'started' ? '' : `: ${clause(last.reason)}`;
    const revision = String(last.eventRevision);
    const text = `Its event (revision ${revision}) ${DID[verdict]} ${listed([...names, ...more])}${why}.`;
    return [{ at: last.decidedAt, text }];
  });
}
