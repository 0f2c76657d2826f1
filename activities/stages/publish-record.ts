import type { Watch } from '../../connectors/athena/progress.ts';
import type { Warehouse as Redshift } from '../../connectors/redshift/client.ts';
import {
  clearFailedRows,
  failedRowsSelect,
  prepareFailedRows,
  writeFailedRows,
} from '../../connectors/redshift/failed-rows.ts';
import { publishedRows, recordPublished } from '../../connectors/redshift/publish-source.ts';
import type { Warehouse as Snowflake } from '../../connectors/snowflake/client.ts';
import {
  clearFailedRows as clearInSnowflake,
  failedRowsSelect as selectInSnowflake,
  prepareFailedRows as prepareSnowflake,
  writeFailedRows as writeIntoSnowflake,
} from '../../connectors/snowflake/failed-rows.ts';
import {
  publishedRows as publishedBySnowflake,
  recordPublished as recordInSnowflake,
} from '../../connectors/snowflake/publish-source.ts';
import type { FailedJob, PublishedLabel } from '../../pipeline/failed-rows.ts';
import { athenaRecord } from './publish-record-athena.ts';
import type { OpenedWarehouse } from './publish-source.ts';

/**
 * What the warehouse of the source keeps of one published revision of a label, because the application has no place for it: that
 * it was published, and the rows that were refused. All of it may be repeated.
 */
export interface PublishRecord {
  /** Makes the place where it is kept. */
  readonly prepare: () => Promise<void>;
  /**
   * How many rows of the label the application has already: by this revision or a newer one; of a whole table, 0 when a
   * newer label is there. Undefined when the label has to be sent.
   */
  readonly published: (wholeTable: boolean) => Promise<number | undefined>;
  /** Removes what earlier attempts kept of the revision. */
  readonly clear: () => Promise<void>;
  /** Keeps the rows that one job refused. */
  readonly keep: (failed: Omit<FailedJob, 'label'>) => Promise<void>;
  /** Records that the application has the label. */
  readonly record: (rows: number) => Promise<void>;
  /** The SELECT by which a person sees the rows that were refused. */
  readonly select: string;
}

/** The record of a label in the warehouse that its rows come from. */
export function publishRecord(opened: OpenedWarehouse, label: PublishedLabel, watch: Watch): PublishRecord {
  switch (opened.kind) {
    case 'redshift':
      return redshiftRecord(opened.warehouse, label, watch);
    case 'snowflake':
      return snowflakeRecord(opened.warehouse, label, watch);
    case 'athena':
      return athenaRecord(opened, label, watch);
  }
}

function redshiftRecord(warehouse: Redshift, label: PublishedLabel, watch: Watch): PublishRecord {
  return {
    prepare: () => prepareFailedRows(warehouse, watch),
    published: (wholeTable) => publishedRows(warehouse, label, wholeTable, watch),
    clear: () => clearFailedRows(warehouse, label, watch),
    keep: (failed) => writeFailedRows(warehouse, { label, ...failed }, watch),
    record: (rows) => recordPublished(warehouse, label, rows, watch),
    select: failedRowsSelect(label),
  };
}

function snowflakeRecord(warehouse: Snowflake, label: PublishedLabel, watch: Watch): PublishRecord {
  return {
    prepare: () => prepareSnowflake(warehouse, watch),
    published: (wholeTable) => publishedBySnowflake(warehouse, label, wholeTable, watch),
    clear: () => clearInSnowflake(warehouse, label, watch),
    keep: (failed) => writeIntoSnowflake(warehouse, { label, ...failed }, watch),
    record: (rows) => recordInSnowflake(warehouse, label, rows, watch),
    select: selectInSnowflake(label),
  };
}
