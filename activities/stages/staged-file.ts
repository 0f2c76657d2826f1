import { CsvFile } from '../../connectors/csv/csv-file.ts';
import { ParquetFile } from '../../connectors/parquet/parquet-file.ts';
import type { TupleSource } from '../../connectors/parquet/row-reader.ts';
import { TupleReader } from '../../connectors/parquet/tuple-reader.ts';
import type { Column } from '../../pipeline/column.ts';
import type { StagedFormat } from '../../pipeline/staged-format.ts';

/** A file that is made while its source is being read, and ends by limits of its own. Iterate once. */
export interface StagedFile extends AsyncIterable<Uint8Array> {
  /** Rows read so far. */
  readonly rows: number;
  /** Bytes handed out so far; after the iteration, the size of the file. */
  readonly bytes: number;
  /** Resolves when the iteration has ended, well or not: the source is free for the next file. */
  readonly taken: Promise<undefined>;
}

/** The next file of a source. `table` names it in messages. */
export function openStagedFile(
  { format, compression }: StagedFormat,
  table: string,
  columns: readonly Column[],
  source: TupleSource,
): StagedFile {
  if (format === 'parquet') return new ParquetFile(table, columns, source, { compression });
  return new CsvFile(table, columns, withReader(source), compression);
}

const CONTENT_TYPES = { parquet: 'application/vnd.apache.parquet', csv: 'text/csv' } as const;

export function contentType({ format }: StagedFormat): string {
  return CONTENT_TYPES[format];
}

function withReader(source: TupleSource): TupleSource & Required<Pick<TupleSource, 'openReader'>> {
  return {
    more: () => source.more(),
    take: (onRow) => {
      source.take(onRow);
    },
    openReader: (table, columns, sinks) =>
      source.openReader?.(table, columns, sinks) ?? new TupleReader(table, columns, sinks),
  };
}
