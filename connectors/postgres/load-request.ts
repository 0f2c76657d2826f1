import type { Column } from '../../pipeline/column.ts';
import type { CopyFormat, CopyRows } from './copy-in.ts';
import type { TakenAs } from './load-types.ts';
import type { PublishMarker } from './publish-markers.ts';
import type { ServingTable } from './publish-target.ts';

/** Rows that one COPY takes. */
export interface RowsPart {
  readonly format: CopyFormat;
  /** The columns of each row, all of the batch in the order of the part. */
  readonly names: readonly string[];
  /**
   * Rows for one COPY; further calls may be read beside the first. Each goes on with what none has begun, so that together they give every
   * row once. `taken` is how the table's columns take values, in the order of the batch's.
   */
  readonly read: (taken: readonly TakenAs[], label: LabelField) => CopyRows;
}

/** Whether the label comes as a field behind the others, or the table knows it. */
export type LabelField = 'with label' | 'without label';

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
  /** Rows from which two connections fill a table that is not there yet; half a million unless it is said. */
  readonly manyRows?: number;
  /** merge: keys whose rows are deleted unless a newer label has brought them. */
  readonly deletes?: LoadRows;
}

export interface LoadResult {
  readonly rows: number;
  /** Of the table, without the label's. */
  readonly columns: readonly Column[];
}
