import { randomUUID } from 'node:crypto';
import type { Watch } from '../../connectors/athena/progress.ts';
import {
  FAILED_ROWS,
  failedRowsSelect,
  prepareFailedRows,
  publishedRows,
  showFailedRows,
} from '../../connectors/glue/failed-rows.ts';
import { ParquetFile } from '../../connectors/parquet/parquet-file.ts';
import { textRows } from '../../connectors/parquet/text-rows.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { FAILED_ROW_COLUMNS, failedRowValues, type PublishedLabel } from '../../pipeline/failed-rows.ts';
import type { PublishRecord } from './publish-record.ts';
import type { OpenedWarehouse } from './publish-source.ts';

/**
 * The record of a label in the Glue Data Catalog. Each attempt writes into a folder of its own, one file for each job, and shows that
 * folder when it begins: what an earlier attempt kept, or still writes, is then in nobody's sight.
 */
export function athenaRecord(
  { glue, connection, database }: Extract<OpenedWarehouse, { kind: 'athena' }>,
  label: PublishedLabel,
  watch: Watch,
): PublishRecord {
  const { dataset, timelabel, revision } = label;
  const table = `${connection.location.replace(/\/+$/u, '')}/${database}/${FAILED_ROWS}`;
  const folder = `${table}/${dataset}/${timelabel}/r${String(revision)}/${randomUUID()}/`;
  return {
    prepare: () => prepareFailedRows(glue, database, `${table}/`),
    published: (wholeTable) => publishedRows(glue, database, label, wholeTable),
    clear: () => showFailedRows(glue, database, label, folder),
    keep: async ({ job, rows }) => {
      const values = rows.map((row) => failedRowValues(job, row));
      const file = new ParquetFile(FAILED_ROWS, FAILED_ROW_COLUMNS, textRows(values));
      const s3 = createS3Client({ region: connection.region });
      try {
        await putObject(s3, `${folder}${job}.parquet`, file, {
          contentType: 'application/vnd.apache.parquet',
          signal: watch.signal,
        });
      } finally {
        s3.destroy();
      }
    },
    record: (rows) => showFailedRows(glue, database, label, folder, rows),
    select: failedRowsSelect(database, label),
  };
}
