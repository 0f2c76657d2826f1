import { itemKey, type ChosenNodes, type LabelFacts } from './backfill-choice.ts';
import type { BackfillNode } from './backfill-layout.ts';
import type { RerunMode } from './backfill-request.ts';

/** One (stage, label) that the backfill brings to an end. */
export interface PlannedItem {
  /** 0, 1, 2 … in the order of the backfill. */
  readonly position: number;
  readonly stage: string;
  readonly timelabel: string;
  /** Positions of the items that feed it or that it reads. */
  readonly upstream: readonly number[];
  /** Position of the last item that the backfill itself starts before this one can run; its own when it is such an item. */
  readonly lead: number;
  /** The newest revision that does not count as the backfill's. */
  readonly baseline: number;
}

/**
 * Orders the chosen labels: label by label, all stages of the first labels first, so that a label is complete before
 * many others are begun; `backwards` begins with the newest.
 */
export function arrange(
  nodes: ChosenNodes,
  facts: ReadonlyMap<string, LabelFacts>,
  mode: RerunMode,
  backwards: boolean,
): readonly PlannedItem[] {
  const rank = new Map(nodes.layout.map(({ stage }, at) => [stage.id, at]));
  const ordered = [...nodes.chosen].sort((a, b) => {
    // A day comes after its last hour; backwards, after its first.
    const byTime = backwards ? b.start - a.start : a.end - b.end;
    if (byTime !== 0) return byTime;
    const byStage = (rank.get(a.stage.id) ?? 0) - (rank.get(b.stage.id) ?? 0);
    return byStage !== 0 ? byStage : backwards ? b.end - a.end : a.start - b.start;
  });
  const positions = new Map(ordered.map((node, at) => [node, at]));
  const leads = new Map<BackfillNode, number>();
  const positionsOf = (feeds: readonly BackfillNode[]): number[] =>
    feeds.flatMap((feed) => positions.get(feed) ?? []);
  // Stage by stage, for a feed may have a later position than what it feeds.
  for (const { nodes: ofStage } of nodes.layout)
    for (const node of ofStage) {
      const fed = node.feeds.flatMap((feed) => leads.get(feed) ?? []);
      const position = positions.get(node);
      if (position !== undefined) leads.set(node, fed.length > 0 ? Math.max(...fed) : position);
    }
  return ordered.map((node, position) => ({
    position,
    stage: node.stage.id,
    timelabel: node.timelabel,
    upstream: [...new Set([...positionsOf(node.feeds), ...positionsOf(node.reads)])],
    lead: leads.get(node) ?? position,
    baseline: baselineOf(facts.get(itemKey(node.stage.id, node.timelabel)), mode),
  }));
}

/** A run that is under way counts, unless everything is to be made anew and it has begun already. */
function baselineOf(known: LabelFacts | undefined, mode: RerunMode): number {
  if (known === undefined) return 0;
  const counts =
    known.status === 'WAITING' ||
    (mode !== 'all' && (known.status === 'RUNNING' || known.status === 'SUPERSEDED'));
  return counts ? known.revision - 1 : known.revision;
}

/**
 * The leads of items that are planned anew: each has the last one before it that is planned anew, too, or itself.
 */
export function leadsAnew(
  items: readonly { readonly position: number; readonly upstream: readonly number[] }[],
): ReadonlyMap<number, number> {
  const upstream = new Map(items.map((item) => [item.position, item.upstream]));
  const leads = new Map<number, number>();
  const leadOf = (position: number): number => {
    const known = leads.get(position);
    if (known !== undefined) return known;
    const before = (upstream.get(position) ?? []).filter((one) => upstream.has(one)).map(leadOf);
    const lead = before.length > 0 ? Math.max(...before) : position;
    leads.set(position, lead);
    return lead;
  };
  for (const { position } of items) leadOf(position);
  return leads;
}
