import type { Column } from '../../pipeline/column.ts';
import type { StageFailure } from '../../pipeline/failure.ts';
import { decimalToBigInt, decimalToDouble } from './mysql-decimal.ts';
import { lengthAt, sizeOfLength } from './mysql-length.ts';
import { moveOf, MOVE, sizeOfInteger, type Move, type MysqlWireColumn } from './mysql-moves.ts';
import { refusedValue, refuseForm } from './mysql-refusals.ts';
import {
  daysOf,
  describeDate,
  highOfUnits,
  isZeroTime,
  lowOfUnits,
  microsOfDay,
  sizeOfTime,
  unitsSinceEpoch,
} from './mysql-time.ts';
import type { ColumnSink, RowReader } from './row-reader.ts';

interface Field {
  readonly column: Column;
  readonly sink: ColumnSink;
  readonly move: Move;
  readonly precision: number;
  readonly scale: number;
  /** The server sends a number without a sign. */
  readonly unsigned: boolean;
}

/** What a reader of MySQL rows must know beyond the columns. */
export interface MysqlRowFormat {
  /** How the server sends each value of a row. */
  readonly layout: readonly MysqlWireColumn[];
  /** Columns for which a row has one more number behind its values: not 0 when a character was lost. */
  readonly checked: readonly string[];
  /** `0000-00-00` is stored as NULL instead of being refused. */
  readonly zeroDates: 'refuse' | 'as_null';
}

/** Of a row: a byte that is 0, then a bit for each value that says whether it is NULL, the first two bits unused. */
const ROW_HEADER = 1;
const UNUSED_BITS = 2;

/**
 * Moves the values of rows in MySQL's binary protocol into one sink for each column; no object is made for a row or a
 * value (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
 */
export class MysqlRowReader implements RowReader {
  readonly #fields: readonly Field[];
  readonly #checked: readonly { readonly column: Column; readonly size: number }[];
  readonly #bitmap: number;
  readonly #zeroIsNull: boolean;
  readonly #table: string;
  /** Where the value ends that was read last, or begins that is to be read. */
  #next = 0;

  /**
   * `table` names the source in messages.
   * @throws StageFailure `data_error` when the server sends a column in another form than its type promises.
   */
  constructor(
    table: string,
    columns: readonly Column[],
    sinks: readonly ColumnSink[],
    { layout, checked, zeroDates }: MysqlRowFormat,
  ) {
    this.#table = table;
    this.#fields = sinks.flatMap((sink, at) => {
      const column = columns[at];
      if (column === undefined) return [];
      const { precision, scale } = column.type.kind === 'decimal' ? column.type : { precision: 0, scale: 0 };
      const move = moveOf(column.type, layout[at]) ?? refuseForm(table, column, layout[at]);
      return [{ column, sink, move, precision, scale, unsigned: layout[at]?.unsigned === true }];
    });
    this.#checked = columns
      .filter(({ name }) => checked.includes(name))
      .map((column, at) => ({ column, size: sizeOfInteger(layout[columns.length + at]) }));
    this.#bitmap = (columns.length + this.#checked.length + UNUSED_BITS + 7) >> 3;
    this.#zeroIsNull = zeroDates === 'as_null';
  }

  /** @throws StageFailure `data_error` for a value that has no place in the column; names column, type and cure. */
  addRow(bytes: Buffer, view: DataView, at: number): number {
    const nulls = at + ROW_HEADER;
    this.#next = nulls + this.#bitmap;
    const fields = this.#fields;
    let bit = UNUSED_BITS;
    for (const field of fields) {
      if ((view.getUint8(nulls + (bit >> 3)) & (1 << (bit & 7))) === 0) this.#move(field, bytes, view);
      else this.#addNull(field);
      bit += 1;
    }
    if (this.#checked.length > 0) this.#check(view);
    return this.#next;
  }

  #move(field: Field, bytes: Buffer, view: DataView): void {
    const { sink } = field;
    const at = this.#next;
    switch (field.move) {
      case MOVE.int8:
        sink.addInt32(view.getInt8(at));
        this.#next = at + 1;
        return;
      case MOVE.uint8:
        sink.addInt32(view.getUint8(at));
        this.#next = at + 1;
        return;
      case MOVE.int16:
        sink.addInt32(view.getInt16(at, true));
        this.#next = at + 2;
        return;
      case MOVE.uint16:
        sink.addInt32(view.getUint16(at, true));
        this.#next = at + 2;
        return;
      case MOVE.four:
        sink.addInt32(view.getInt32(at, true));
        this.#next = at + 4;
        return;
      case MOVE.uint32:
        sink.addInt64(0, view.getUint32(at, true));
        this.#next = at + 4;
        return;
      case MOVE.widened32:
        sink.addInt64(view.getInt32(at, true) >> 31, view.getInt32(at, true));
        this.#next = at + 4;
        return;
      case MOVE.eight:
        sink.addInt64(view.getInt32(at + 4, true), view.getInt32(at, true));
        this.#next = at + 8;
        return;
      case MOVE.narrowed:
      case MOVE.signed64:
        this.#moveChecked(field, view);
        return;
      case MOVE.uint64:
        sink.addBigInt128(view.getBigUint64(at, true));
        this.#next = at + 8;
        return;
      case MOVE.bytes: {
        const length = this.#length(view);
        sink.addBytes(bytes, this.#next, length);
        this.#next += length;
        return;
      }
      case MOVE.date:
        this.#moveDate(field, view);
        return;
      case MOVE.time:
        this.#moveTime(field, view);
        return;
      case MOVE.decimal32:
      case MOVE.decimal64:
      case MOVE.decimalLong:
      case MOVE.decimal128:
        this.#moveDecimal(field, bytes);
        return;
      case MOVE.truth8:
      case MOVE.truthBit:
      case MOVE.bits64:
      case MOVE.bits128:
        this.#moveBits(field, view);
    }
  }

  /** A number of 64 bits into a column of fewer, or one without a sign into one that has a sign. */
  #moveChecked(field: Field, view: DataView): void {
    const { sink, column, unsigned } = field;
    const at = this.#next;
    const [high, low] = [view.getInt32(at + 4, true), view.getInt32(at, true)];
    this.#next = at + 8;
    const isNarrow = field.move === MOVE.narrowed;
    const least = column.type.kind === 'int16' ? (low << 16) >> 16 : low;
    const fits = !isNarrow || (high === low >> 31 && low === least);
    if (!fits || (unsigned && high < 0)) {
      const value = unsigned ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
      throw this.#refuse(field, `the number ${String(value)}`);
    }
    if (isNarrow) sink.addInt32(low);
    else sink.addInt64(high, low);
  }

  /** A boolean column is a small integer at the source, which may hold any other number. */
  #moveBits(field: Field, view: DataView): void {
    const length = field.move === MOVE.truth8 ? 1 : this.#length(view);
    let value = 0n;
    for (let index = 0; index < length; index++) {
      value = (value << 8n) | BigInt(view.getUint8(this.#next + index));
    }
    this.#next += length;
    if (field.move === MOVE.bits64) field.sink.addBigInt64(value);
    else if (field.move === MOVE.bits128) field.sink.addBigInt128(value);
    else if (value > 1n) throw this.#refuse(field, `the number ${String(BigInt.asIntN(8, value))}`);
    else field.sink.addBoolean(value === 1n);
  }

  #moveDate(field: Field, view: DataView): void {
    const at = this.#next;
    this.#next = at + sizeOfTime(view, at);
    const days = daysOf(view, at);
    if (days === undefined) this.#handleZero(field, view, at);
    else field.sink.addInt32(days);
  }

  #moveTime(field: Field, view: DataView): void {
    const at = this.#next;
    this.#next = at + sizeOfTime(view, at);
    const days = daysOf(view, at);
    if (days === undefined) {
      this.#handleZero(field, view, at);
      return;
    }
    const micros = microsOfDay(view, at);
    const units = unitsSinceEpoch(days, micros);
    field.sink.addInt64(highOfUnits(units), lowOfUnits(units, micros));
  }

  #handleZero(field: Field, view: DataView, at: number): void {
    if (this.#zeroIsNull && isZeroTime(view, at)) {
      this.#addNull(field);
      return;
    }
    throw this.#refuse(
      field,
      `the date ${describeDate(view, at)}`,
      isZeroTime(view, at)
        ? 'To stage such dates as NULL, write zero_dates: as_null in the stage.'
        : 'Files hold real days of the years 1 to 9999.',
    );
  }

  #moveDecimal(field: Field, bytes: Buffer): void {
    const { sink, move, precision, scale } = field;
    // The text of a number is shorter than 251 bytes, so one byte is its length.
    const length = bytes[this.#next] ?? 0;
    const at = this.#next + 1;
    this.#next = at + length;
    if (move === MOVE.decimal32 || move === MOVE.decimal64) {
      const value =
        decimalToDouble(bytes, at, length, precision, scale) ?? this.#refuseText(field, bytes, at, length);
      if (move === MOVE.decimal32) sink.addInt32(value);
      else sink.addInt64(Math.floor(value / 0x1_0000_0000), value);
      return;
    }
    const value =
      decimalToBigInt(bytes, at, length, precision, scale) ?? this.#refuseText(field, bytes, at, length);
    if (move === MOVE.decimalLong) sink.addBigInt64(value);
    else sink.addBigInt128(value);
  }

  #addNull(field: Field): void {
    if (!field.sink.nullable) throw this.#refuse(field, 'a NULL, though the column is declared NOT NULL');
    field.sink.addNull();
  }

  /** The numbers behind the values are 0 or 1, so their first byte says all. */
  #check(view: DataView): void {
    for (const { column, size } of this.#checked) {
      if (view.getUint8(this.#next) !== 0) {
        throw this.#refuse({ column }, 'a character that its character set has and Unicode has not');
      }
      this.#next += size;
    }
  }

  /** Reads the length of the value that follows; then `#next` is its first byte. */
  #length(view: DataView): number {
    const at = this.#next;
    this.#next = at + sizeOfLength(view, at);
    return lengthAt(view, at);
  }

  #refuseText(field: Field, bytes: Buffer, at: number, length: number): never {
    throw this.#refuse(field, `the number ${bytes.toString('latin1', at, at + length)}`);
  }

  #refuse({ column }: Pick<Field, 'column'>, what: string, cure?: string): StageFailure {
    return refusedValue(this.#table, column, what, cure);
  }
}
