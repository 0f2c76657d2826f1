import { KeyRecord } from '../../connectors/keys/key-record.ts';
import { SortedRun } from '../../connectors/keys/sorted-run.ts';
import type { RowReader, TupleSource } from '../../connectors/parquet/row-reader.ts';
import { TupleReader } from '../../connectors/parquet/tuple-reader.ts';
import type { Column } from '../../pipeline/column.ts';
import type { StoredRun } from '../../pipeline/key-state.ts';

/** Where sorted runs go, and who is told how many keys were read. */
export interface KeysTarget {
  readonly write: (sorted: SortedRun, at: number) => Promise<StoredRun>;
  readonly onKeys: (keys: number) => void;
}

/**
 * Reads keys, rows of these columns alone, and writes them in sorted runs: what is in memory is one run. `source` names them in messages.
 * @throws StageFailure `data_error` for a key that is NULL; whatever reading and writing throw.
 */
export async function sortKeys(
  source: string,
  columns: readonly Column[],
  rows: TupleSource,
  { write, onKeys }: KeysTarget,
): Promise<readonly StoredRun[]> {
  const record = new KeyRecord(source);
  const sinks = record.sinks(columns);
  const stored: StoredRun[] = [];
  let reader: RowReader | undefined;
  let open = new SortedRun();
  let written = 0;
  const flush = async (): Promise<void> => {
    if (open.keys === 0) return;
    stored.push(await write(open, stored.length));
    written += open.keys;
    open = new SortedRun();
  };
  while (await rows.more()) {
    const read = (reader ??=
      rows.openReader?.(source, columns, sinks) ?? new TupleReader(source, columns, sinks));
    rows.take((bytes, view, at) => {
      record.clear();
      read.addRow(bytes, view, at);
      open.add(record.content);
    });
    if (open.full) await flush();
    onKeys(written + open.keys);
  }
  await flush();
  return stored;
}
