import { instantOf, parseTimelabel, type Timelabel } from './timelabel.ts';

/** Most labels that a message may list; what is longer lies in the catalog, for histories keep every message. */
export const MAX_LISTED_LABELS = 2_000;

const MINUTE = 60_000;

/** Labels, sorted, and the narrowest range that holds the start of each: milliseconds since the Unix epoch. */
export interface LabelList {
  readonly labels: readonly Timelabel[];
  readonly from: number;
  readonly to: number;
}

/** Checks a list that anybody may have written; undefined when there is none, or when it has problems. */
export function readLabelList(value: unknown, problems: string[]): LabelList | undefined {
  if (value === undefined || value === null) return undefined;
  const labels = Array.isArray(value) ? value.map(parseTimelabel) : [];
  const read = labels.filter((label) => label !== undefined);
  if (read.length !== labels.length || labels.length === 0 || labels.length > MAX_LISTED_LABELS) {
    problems.push(
      `"labels" must be a list of 1 to ${String(MAX_LISTED_LABELS)} timelabels such as ["20200301060000"].`,
    );
    return undefined;
  }
  return listOf(read);
}

/** The labels as a list, each once. @throws RangeError without any label. */
export function listOf(labels: readonly Timelabel[]): LabelList {
  const sorted = [...new Set(labels)].sort();
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('An empty list has no range.');
  return { labels: sorted, from: instantOf(first), to: instantOf(last) + MINUTE };
}
