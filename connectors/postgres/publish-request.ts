import type { Column } from '../../pipeline/column.ts';
import type { DeleteLimit } from '../../pipeline/delete-limit.ts';
import type { PublishMarker } from './publish-markers.ts';
import type { ServingTable } from './publish-target.ts';

/** Rows page by page; values are PostgreSQL's text for the column's type. */
export type TextPages = AsyncIterable<readonly (readonly (string | null)[])[]>;

export interface PublishRequest {
  readonly marker: PublishMarker;
  readonly target: ServingTable;
  readonly columns: readonly Column[];
  /** Columns that identify a row. */
  readonly key: readonly string[];
  /** The source is replaced at each run of its own: then an older label has nothing to say after a newer one. */
  readonly wholeTable: boolean;
  /** What becomes of rows that are in the serving table and not in the source; they stay when absent. */
  readonly gone?: GoneRows;
  /** Called once, and only when there is something to write. */
  readonly pages: () => TextPages;
}

export interface GoneRows {
  /** `any` row, or only those that a publish wrote: these have a label in a column of their own. */
  readonly of: 'any' | 'published';
  readonly limit: DeleteLimit;
  /** The source, for messages. */
  readonly source: string;
  /** The keys of all rows of the source, read after `pages`; undefined when `pages` are all of its rows. */
  readonly keys?: (() => TextPages) | undefined;
}
