import type { ColumnType } from '../../pipeline/column.ts';
import type { ThriftWriter } from './thrift-writer.ts';

/** Physical types (parquet.thrift, `Type`). */
export const PHYSICAL = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  byteArray: 6,
  fixed: 7,
} as const;

/** Annotations that older readers know (parquet.thrift, `ConvertedType`). */
const CONVERTED = { utf8: 0, decimal: 5, date: 6, timestampMicros: 10, int16: 16 } as const;

/** Bytes of a decimal with more than 18 digits. */
export const WIDE_DECIMAL_BYTES = 16;

/** How a column is stored: its physical type and the annotations that say what it means. */
export interface ParquetField {
  readonly physical: number;
  /** Bytes of one value; 0 for booleans, which are bits; -1 when each value has a length of its own. */
  readonly width: number;
  readonly converted?: number;
  readonly decimal?: { readonly precision: number; readonly scale: number };
  /** Writes the member of the union `LogicalType`. */
  readonly logical?: (thrift: ThriftWriter) => void;
}

const STRING: ParquetField = {
  physical: PHYSICAL.byteArray,
  width: -1,
  converted: CONVERTED.utf8,
  logical: (thrift) => {
    thrift.struct(1, () => undefined);
  },
};

const PLAIN: Readonly<Record<Exclude<ColumnType['kind'], 'decimal' | 'timestamp'>, ParquetField>> = {
  boolean: { physical: PHYSICAL.boolean, width: 0 },
  int16: {
    physical: PHYSICAL.int32,
    width: 4,
    converted: CONVERTED.int16,
    logical: (thrift) => {
      thrift.struct(10, () => {
        thrift.byte(1, 16);
        thrift.bool(2, true);
      });
    },
  },
  int32: { physical: PHYSICAL.int32, width: 4 },
  int64: { physical: PHYSICAL.int64, width: 8 },
  float32: { physical: PHYSICAL.float, width: 4 },
  float64: { physical: PHYSICAL.double, width: 8 },
  date: {
    physical: PHYSICAL.int32,
    width: 4,
    converted: CONVERTED.date,
    logical: (thrift) => {
      thrift.struct(6, () => undefined);
    },
  },
  text: STRING,
  // Redshift's COPY and Athena read neither JSON nor UUID annotations, and both read texts.
  json: STRING,
  uuid: STRING,
  binary: { physical: PHYSICAL.byteArray, width: -1 },
};

/** The Parquet field of a neutral type. */
export function parquetField(type: ColumnType): ParquetField {
  if (type.kind === 'decimal') return decimalField(type.precision, type.scale);
  if (type.kind === 'timestamp') return timestampField(type.zoned);
  return PLAIN[type.kind];
}

/** Fewest bytes that hold the digits: 9 in 32 bits, 18 in 64, 38 in 128. */
function decimalField(precision: number, scale: number): ParquetField {
  const [physical, width] =
    precision <= 9
      ? [PHYSICAL.int32, 4]
      : precision <= 18
        ? [PHYSICAL.int64, 8]
        : [PHYSICAL.fixed, WIDE_DECIMAL_BYTES];
  return {
    physical,
    width,
    converted: CONVERTED.decimal,
    decimal: { precision, scale },
    logical: (thrift) => {
      thrift.struct(5, () => {
        thrift.i32(1, scale);
        thrift.i32(2, precision);
      });
    },
  };
}

/**
 * Microseconds. `isAdjustedToUTC` tells instants from wall-clock times; the older annotation cannot, and the format
 * demands it for both (LogicalTypes.md, "Timestamp", compatibility).
 */
function timestampField(adjustedToUtc: boolean): ParquetField {
  return {
    physical: PHYSICAL.int64,
    width: 8,
    converted: CONVERTED.timestampMicros,
    logical: (thrift) => {
      thrift.struct(8, () => {
        thrift.bool(1, adjustedToUtc);
        thrift.struct(2, () => {
          thrift.struct(2, () => undefined);
        });
      });
    },
  };
}
