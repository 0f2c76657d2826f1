import { pairKey, type LabelPair } from './number-events.ts';

/** One revision of a label, and one input that it was made of. */
export interface MadeOf {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly input: LabelPair & { readonly revision: number };
  /** True when the input has a newer revision that the producing stage follows and has not taken up yet. */
  readonly stale: boolean;
  /** True when the label has failed since this revision. */
  readonly failedSince: boolean;
}

/** A revision of a label, as a key. */
export function revisionKey(of: LabelPair & { readonly revision: number }): string {
  return `${pairKey(of)}#${String(of.revision)}`;
}

/** Why a revision is not settled. */
export interface Unsettled {
  /** An input behind it that has moved on. */
  readonly cause: LabelPair;
  /** True when what should take the newer input up has failed, here or on the way, so that nobody knows when it will. */
  readonly stalled: boolean;
}

/**
 * The revisions that are not settled, each with an input that has moved on: a revision is settled when the run that made
 * it used the newest revisions of its inputs, and so on up to the sources. A join that takes only settled inputs never
 * mixes old and new after a restatement, and runs once instead of once for each branch (glitch freedom in the sense
 * of Cooper and Krishnamurthi, "Embedding Dynamic Dataflow in a Call-by-Value Language", 2006).
 */
export function unsettledRevisions(edges: readonly MadeOf[]): ReadonlyMap<string, Unsettled> {
  const users = new Map<string, MadeOf[]>();
  for (const edge of edges) {
    const key = revisionKey(edge.input);
    const known = users.get(key);
    if (known === undefined) users.set(key, [edge]);
    else known.push(edge);
  }
  const moved = new Map<string, Unsettled>();
  const queue: string[] = [];
  const mark = (edge: MadeOf, { cause, stalled }: Unsettled): void => {
    const key = revisionKey(edge);
    const known = moved.get(key);
    const found = { cause: known?.cause ?? cause, stalled: stalled || edge.failedSince };
    if (known !== undefined && (known.stalled || !found.stalled)) return;
    moved.set(key, found);
    queue.push(key);
  };
  for (const edge of edges) {
    const { dataset, timelabel } = edge.input;
    if (edge.stale) mark(edge, { cause: { dataset, timelabel }, stalled: false });
  }
  // What an unsettled revision was used for is unsettled, too. The loop sees what it appends.
  for (const key of queue) {
    const found = moved.get(key);
    if (found !== undefined) for (const edge of users.get(key) ?? []) mark(edge, found);
  }
  return moved;
}
