import type { Column } from '../../pipeline/column.ts';
import type { CopyFormat, CopyRows } from './copy-in.ts';
import type { TakenAs } from './load-types.ts';
import type { PublishMarker } from './publish-markers.ts';
import type { ServingTable } from './publish-target.ts';

/** Rows that one COPY takes. */
export interface RowsPart {
  readonly format: CopyFormat;
  /** The columns of each row, all of the batch in the order of the part. The label comes behind them. */
  readonly names: readonly string[];
  /** Called at most once; `taken` is how the table's columns take values, in the order of the batch's. */
  readonly read: (taken: readonly TakenAs[]) => CopyRows;
}

/** Rows of a batch. */
export interface LoadRows {
  readonly columns: readonly Column[];
  /** How many there must be. */
  readonly count: number;
  readonly parts: readonly RowsPart[];
}

export interface LoadRequest {
  readonly marker: PublishMarker;
  readonly table: ServingTable;
  readonly mode: 'append' | 'replace' | 'merge';
  /** merge: columns that identify a row. */
  readonly key: readonly string[];
  readonly rows: LoadRows;
  /** merge: keys whose rows are deleted unless a newer label has brought them. */
  readonly deletes?: LoadRows;
}
