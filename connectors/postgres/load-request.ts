import type { Column } from '../../pipeline/column.ts';
import type { BinaryRows } from './copy-in.ts';
import type { WireType } from './load-types.ts';
import type { PublishMarker } from './publish-markers.ts';
import type { ServingTable } from './publish-target.ts';

/** Rows of a batch: each has the values of the columns and, last, the label. */
export interface LoadRows {
  readonly columns: readonly Column[];
  /** How many there must be. */
  readonly count: number;
  /** Called at most once; the values of each column come in the given form. */
  readonly read: (wires: readonly WireType[]) => BinaryRows;
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
