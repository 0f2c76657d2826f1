import type { Timelabel } from './timelabel.ts';

/** The columns of a staged dataset as runs saw them change, oldest first. */
export interface SchemaVersion {
  readonly columns: readonly string[];
  /** The run that saw them first, and when: milliseconds since the Unix epoch. */
  readonly timelabel: string;
  readonly revision: number;
  readonly seenAt: number;
}

/** The newest successful run of a label, and when it began to read: milliseconds since the Unix epoch. */
export interface ExtractedLabel {
  readonly timelabel: Timelabel;
  readonly revision: number;
  readonly began: number;
}

/**
 * The labels whose newest successful extract may lack one of the columns: it began before the column was seen. A run
 * that began earlier and read later is among them, for nobody knows; extracting it again does no harm.
 */
export function labelsWithout(
  columns: readonly string[],
  versions: readonly SchemaVersion[],
  labels: readonly ExtractedLabel[],
): readonly Timelabel[] {
  const firsts = columns.map((column) => firstSeen(column, versions));
  return labels
    .filter(({ timelabel, revision, began }) =>
      firsts.some((first) => {
        if (first === undefined) return true;
        if (first.timelabel === timelabel && first.revision === revision) return false;
        return began <= first.seenAt;
      }),
    )
    .map(({ timelabel }) => timelabel);
}

/** Where the column appeared, and stayed; undefined when the newest version lacks it. */
function firstSeen(column: string, versions: readonly SchemaVersion[]): SchemaVersion | undefined {
  const lacking = versions.findLastIndex(({ columns }) => !columns.includes(column));
  return versions[lacking + 1];
}
