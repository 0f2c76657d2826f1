import type { Timelabel } from './timelabel.ts';

/** One label of an input that a run takes, at the revision that it takes. */
export interface InputRevision {
  readonly dataset: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly eventId: string;
}

/**
 * The inputs of a run as one comparable text: per dataset its first and last label and the revisions between, equal
 * neighbours counted (`warehouse.analytics.flights 20010105000000-20010105230000 1x8 2 1x15`). When labels may be
 * missing between, `gaps` lists each one, for two subsets may have the same ends and the same revisions.
 */
export function vectorOf(inputs: readonly InputRevision[], gaps = false): string {
  const datasets = new Map<string, InputRevision[]>();
  for (const input of inputs) {
    const known = datasets.get(input.dataset);
    if (known === undefined) datasets.set(input.dataset, [input]);
    else known.push(input);
  }
  return [...datasets.keys()]
    .sort()
    .map((dataset) => {
      const labels = (datasets.get(dataset) ?? []).sort(byLabel);
      return `${dataset} ${gaps ? listed(labels) : ranged(labels)}`;
    })
    .join('; ');
}

function byLabel(a: InputRevision, b: InputRevision): number {
  return a.timelabel < b.timelabel ? -1 : 1;
}

function listed(labels: readonly InputRevision[]): string {
  return labels.map(({ timelabel, revision }) => `${timelabel}:${String(revision)}`).join(' ');
}

function ranged(labels: readonly InputRevision[]): string {
  const revisions = runLengths(labels.map((label) => label.revision));
  return `${labels[0]?.timelabel ?? ''}-${labels.at(-1)?.timelabel ?? ''} ${revisions}`;
}

function runLengths(revisions: readonly number[]): string {
  const parts: { revision: number; count: number }[] = [];
  for (const revision of revisions) {
    const last = parts.at(-1);
    if (last?.revision === revision) last.count += 1;
    else parts.push({ revision, count: 1 });
  }
  return parts
    .map(({ revision, count }) => (count === 1 ? String(revision) : `${String(revision)}x${String(count)}`))
    .join(' ');
}
