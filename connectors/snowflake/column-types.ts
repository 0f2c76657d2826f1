import type { Column, ColumnType } from '../../pipeline/column.ts';

/** A type as INFORMATION_SCHEMA.COLUMNS or the description of a query spells it. */
export interface HeldType {
  /** `NUMBER`, `TEXT`, `FLOAT`, `TIMESTAMP_NTZ` … */
  readonly base: string;
  /** TEXT in characters, BINARY in bytes. */
  readonly length?: number;
  /** NUMBER: digits; timestamps: digits of a second. */
  readonly precision?: number;
  readonly scale?: number;
}

/** Lengths that VARCHAR and BINARY have when none is written; the length of text of older accounts is also their limit. */
const TEXT_LENGTH = 16_777_216;
const BINARY_LENGTH = 8_388_608;
const INSTANT_DIGITS = 6;
/** Digits that hold every integer of the width. */
const INTEGER_DIGITS = { int16: 5, int32: 10, int64: 19 } as const;

/**
 * What holds each neutral type in Snowflake (https://docs.snowflake.com/en/sql-reference/intro-summary-data-types). JSON stays
 * text, because VARIANT keeps neither the spaces nor all digits of its numbers.
 */
export function heldType(type: ColumnType): HeldType {
  switch (type.kind) {
    case 'boolean':
      return { base: 'BOOLEAN' };
    case 'int16':
    case 'int32':
    case 'int64':
      return { base: 'NUMBER', precision: INTEGER_DIGITS[type.kind], scale: 0 };
    case 'decimal':
      return { base: 'NUMBER', precision: type.precision, scale: type.scale };
    case 'float32':
    case 'float64':
      return { base: 'FLOAT' };
    case 'date':
      return { base: 'DATE' };
    case 'timestamp':
      return { base: type.zoned ? 'TIMESTAMP_LTZ' : 'TIMESTAMP_NTZ', precision: INSTANT_DIGITS };
    case 'text':
    case 'json':
      return { base: 'TEXT', length: TEXT_LENGTH };
    case 'uuid':
      return { base: 'TEXT', length: 36 };
    case 'binary':
      return { base: 'BINARY', length: BINARY_LENGTH };
  }
}

/** The type in a column definition, and in messages. */
export function typeText({ base, length, precision, scale }: HeldType): string {
  switch (base) {
    case 'TEXT':
      return length === undefined || length >= TEXT_LENGTH ? 'VARCHAR' : `VARCHAR(${String(length)})`;
    case 'BINARY':
      return length === undefined || length >= BINARY_LENGTH ? 'BINARY' : `BINARY(${String(length)})`;
    case 'NUMBER':
      return `NUMBER(${String(precision ?? 38)},${String(scale ?? 0)})`;
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_TZ':
      return precision === undefined ? base : `${base}(${String(precision)})`;
    default:
      return base;
  }
}

/** The Snowflake type of a column that Reefline creates. */
export function snowflakeType(type: ColumnType): string {
  return typeText(heldType(type));
}

/** The neutral type of what Snowflake holds; undefined when it has no neutral counterpart. */
export function neutralType({ base, precision = 38, scale = 0 }: HeldType): ColumnType | undefined {
  switch (base) {
    case 'NUMBER':
      return scale === 0 ? wholeNumber(precision) : { kind: 'decimal', precision, scale };
    case 'FLOAT':
      return { kind: 'float64' };
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'DATE':
      return { kind: 'date' };
    case 'TEXT':
      return { kind: 'text' };
    case 'BINARY':
      return { kind: 'binary' };
    case 'TIMESTAMP_NTZ':
      return { kind: 'timestamp', zoned: false };
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return { kind: 'timestamp', zoned: true };
    default:
      return undefined;
  }
}

/** Integers come back as they were written; 5, 10 and 19 digits are what Reefline writes them with. */
function wholeNumber(precision: number): ColumnType {
  if (precision <= INTEGER_DIGITS.int16) return { kind: 'int16' };
  if (precision <= INTEGER_DIGITS.int32) return { kind: 'int32' };
  return precision <= INTEGER_DIGITS.int64 ? { kind: 'int64' } : { kind: 'decimal', precision, scale: 0 };
}

/**
 * True when a column of type `held` takes the values of type `incoming` unchanged. What is too long for a text or binary column is
 * refused by Snowflake when it comes; numbers and times it would round.
 */
export function holds(held: HeldType, incoming: HeldType): boolean {
  const atLeast = (has: number | undefined, needs: number | undefined): boolean =>
    has === undefined || (needs !== undefined && has >= needs);
  switch (held.base) {
    case 'NUMBER': {
      const { precision = 38, scale = 0 } = incoming;
      const room = (held.precision ?? 38) - (held.scale ?? 0);
      return incoming.base === 'NUMBER' && scale <= (held.scale ?? 0) && precision - scale <= room;
    }
    case 'TIMESTAMP_TZ':
      return /^TIMESTAMP_L?TZ$/.test(incoming.base) && atLeast(held.precision, incoming.precision);
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_NTZ':
      return incoming.base === held.base && atLeast(held.precision, incoming.precision);
    default:
      return incoming.base === held.base;
  }
}

/** The column as Snowflake describes it once it is stored, under its neutral name; all may be NULL. */
export function storedColumn(column: Column): Column {
  return { ...column, type: neutralType(heldType(column.type)) ?? column.type, nullable: true };
}
