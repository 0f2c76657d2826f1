import { pairKey, type LabelPair } from './number-events.ts';

/** One revision of a label, and one input that it was made of. */
export interface MadeOf {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly input: LabelPair & { readonly revision: number };
  /** True when the input has a newer revision that the producing stage follows and has not taken up yet. */
  readonly stale: boolean;
}

/** A revision of a label, as a key. */
export function revisionKey(of: LabelPair & { readonly revision: number }): string {
  return `${pairKey(of)}#${String(of.revision)}`;
}

/**
 * The revisions that are not settled, each with an input that has moved on: a revision is settled when the run that made
 * it used the newest revisions of its inputs, and so on up to the sources. A join that takes only settled inputs never
 * mixes old and new after a restatement, and runs once instead of once for each branch (glitch freedom in the sense
 * of Cooper and Krishnamurthi, "Embedding Dynamic Dataflow in a Call-by-Value Language", 2006).
 */
export function unsettledRevisions(edges: readonly MadeOf[]): ReadonlyMap<string, LabelPair> {
  const users = new Map<string, MadeOf[]>();
  for (const edge of edges) {
    const key = revisionKey(edge.input);
    const known = users.get(key);
    if (known === undefined) users.set(key, [edge]);
    else known.push(edge);
  }
  const moved = new Map<string, LabelPair>();
  const queue: string[] = [];
  const mark = (edge: MadeOf, cause: LabelPair): void => {
    const key = revisionKey(edge);
    if (moved.has(key)) return;
    moved.set(key, cause);
    queue.push(key);
  };
  for (const edge of edges) {
    const { dataset, timelabel } = edge.input;
    if (edge.stale) mark(edge, { dataset, timelabel });
  }
  // What an unsettled revision was used for is unsettled, too. The loop sees what it appends.
  for (const key of queue) {
    const cause = moved.get(key);
    if (cause !== undefined) for (const edge of users.get(key) ?? []) mark(edge, cause);
  }
  return moved;
}
