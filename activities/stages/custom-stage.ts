import type { Column } from '../../pipeline/column.ts';
import type { Json } from '../../pipeline/json.ts';
import type { Interval, Timelabel } from '../../pipeline/timelabel.ts';
import type { RunInput, StageTools } from './runner.ts';

/*
 * What a module of a custom stage is written against; `reefline/stage` hands it on. Authors depend on these shapes, so
 * members are only ever added.
 */

/** What a run is told. All of it was fixed when the run opened: a repeated attempt is told the very same. */
export interface CustomRun {
  /** `<pipeline>.<name>` */
  readonly stage: string;
  /** Id of the dataset to write, `<connection>.<schema>.<table>`. */
  readonly output: string;
  readonly timelabel: Timelabel;
  /** What the label covers: inclusive start and exclusive end, milliseconds since the Unix epoch. */
  readonly interval: Interval;
  /** 1, 2, 3 … : the n-th time that the label is made. It replaces what earlier revisions wrote. */
  readonly revision: number;
  /** 1 for the first try of this revision, then 2, 3 … An earlier one may have been killed at any line. */
  readonly attempt: number;
  /** The labels that it was opened with, of every dataset under `reads`. */
  readonly inputs: readonly RunInput[];
  /** Columns of the dataset as they were last reported; null when they never were. */
  readonly knownColumns: readonly Column[] | null;
  /** What stands under `with`, with its secrets resolved: nothing to print, to put into an error or into the output. */
  readonly options: Readonly<Record<string, Json>>;
}

/** What the run made. It becomes the data event; the columns that differ from the known ones become metadata events. */
export interface CustomOutput {
  /** Rows that the label has now; 0 is a success whose outcome is EMPTY. */
  readonly rows: number;
  readonly bytes?: number | null;
  /** Where the data lies. Of a dataset in S3 that a load or register reads: its manifest. */
  readonly uri?: string | null;
  /** All columns of the dataset, when the module knows them. */
  readonly columns?: readonly Column[] | null;
}

/**
 * The default export of a module. It may be killed at any line and called again, and must then leave the same data. It
 * throws StageFailure to say what went wrong; another error counts as one that may pass, and is tried again.
 */
export type CustomStage = (run: CustomRun, tools: StageTools) => Promise<CustomOutput> | CustomOutput;
