import type { Column } from '../../pipeline/column.ts';

/**
 * Takes the values of one column as they come from the wire, one call for each row. Which calls a column gets follows
 * from its type: int16, int32, date (days since 1970), float32 (its bits) and decimals of at most 9 digits (unscaled)
 * come by `addInt32`; int64, float64 (its bits), timestamps (microseconds since 1970) and decimals of at most 18 digits
 * by `addInt64` or `addBigInt64`; wider decimals by `addBigInt128`; texts, json and binary by `addBytes`; uuids, as 36
 * characters, by either of the last two.
 */
export interface ColumnSink {
  readonly nullable: boolean;
  /** Only for nullable columns. */
  addNull(): void;
  addBoolean(value: boolean): void;
  addInt32(value: number): void;
  /** A 64-bit value by its halves. */
  addInt64(high: number, low: number): void;
  addBigInt64(value: bigint): void;
  addBigInt128(value: bigint): void;
  /** A value of its own length, which is copied. */
  addBytes(source: Buffer, start: number, length: number): void;
  /** Makes room for a value of its own length; answers where its bytes go in `bytes`. */
  openBytes(length: number): number;
  /** Valid until the next call of an `add…` or `openBytes`. */
  readonly bytes: Buffer;
}

/** Moves rows into sinks, one for each column. */
export interface RowReader {
  /** Reads the row at `at`; `view` shows the same memory as `bytes`. Answers where the row ends. @throws StageFailure */
  addRow(bytes: Buffer, view: DataView, at: number): number;
}

/** Rows in the binary format of their source, taken as they come. */
export interface TupleSource {
  /** Waits for rows; false when there are no more. */
  more(): Promise<boolean>;
  /** Hands over the rows that have come, each by its place in memory; nothing is kept of them afterwards. */
  take(onRow: (bytes: Buffer, view: DataView, at: number) => void): void;
  /**
   * Makes a reader of the format, for each file a new one and not before `more` has said that there are rows. Absent:
   * the format is that of PostgreSQL's binary COPY.
   */
  readonly openReader?: (
    table: string,
    columns: readonly Column[],
    sinks: readonly ColumnSink[],
  ) => RowReader;
}
