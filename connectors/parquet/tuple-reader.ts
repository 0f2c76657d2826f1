import { describeType, type Column, type ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { ColumnSink, RowReader } from './row-reader.ts';
import { EXACT_DOUBLE_DIGITS, numericToBigInt, numericToDouble, specialNumeric } from './wire-numeric.ts';
import { describeRefusedTime, highMicros, isTimeInRange, lowMicros, wireDate } from './wire-time.ts';

/** How a field goes from the wire into its sink. Small integers, so that the switch below becomes a jump table. */
const MOVE = {
  boolean: 0,
  int16: 1,
  four: 2,
  eight: 3,
  bytes: 4,
  uuid: 5,
  date: 6,
  time: 7,
  decimal32: 8,
  decimal64: 9,
  decimalLong: 10,
  decimal128: 11,
} as const;
type Move = (typeof MOVE)[keyof typeof MOVE];

interface Field {
  readonly column: Column;
  readonly sink: ColumnSink;
  readonly move: Move;
  readonly scale: number;
}

/** Moves the fields of binary COPY rows into one sink for each column; no object is made for a row or a value. */
export class TupleReader implements RowReader {
  readonly #fields: readonly Field[];
  readonly #table: string;

  /** `table` names the source in messages. */
  constructor(table: string, columns: readonly Column[], sinks: readonly ColumnSink[]) {
    this.#table = table;
    this.#fields = sinks.flatMap((sink, at) => {
      const column = columns[at];
      if (column === undefined) return [];
      const scale = column.type.kind === 'decimal' ? column.type.scale : 0;
      return [{ column, sink, move: moveOf(column.type), scale }];
    });
  }

  /**
   * Reads the row that starts at `at` with its count of fields; `view` shows the same memory as `bytes`.
   * Answers where it ends.
   * @throws StageFailure `data_error` for a value that has no place in the column; names column, type and cure.
   */
  addRow(bytes: Buffer, view: DataView, at: number): number {
    const fields = this.#fields;
    if (view.getInt16(at) !== fields.length) throw this.#wrongCount(view.getInt16(at));
    let next = at + 2;
    for (const field of fields) {
      const length = view.getInt32(next);
      next += 4;
      if (length < 0) {
        if (!field.sink.nullable) throw this.#refuse(field, 'a NULL, though the column is declared NOT NULL');
        field.sink.addNull();
      } else {
        this.#move(field, bytes, view, next, length);
        next += length;
      }
    }
    return next;
  }

  #move(field: Field, bytes: Buffer, view: DataView, at: number, length: number): void {
    const { sink } = field;
    switch (field.move) {
      case MOVE.boolean:
        sink.addBoolean(view.getUint8(at) !== 0);
        return;
      case MOVE.int16:
        sink.addInt32(view.getInt16(at));
        return;
      case MOVE.four:
        sink.addInt32(view.getInt32(at));
        return;
      case MOVE.eight:
        sink.addInt64(view.getInt32(at), view.getInt32(at + 4));
        return;
      case MOVE.bytes:
        sink.addBytes(bytes, at, length);
        return;
      case MOVE.uuid: {
        const start = sink.openBytes(UUID_TEXT_LENGTH);
        writeUuid(sink.bytes, start, view, at);
        return;
      }
      case MOVE.date:
        sink.addInt32(wireDate(view, at) ?? this.#refuseTime(field, view.getInt32(at)));
        return;
      case MOVE.time: {
        const high = highMicros(view, at);
        if (!isTimeInRange(view, at, high)) this.#refuseTime(field, view.getInt32(at));
        sink.addInt64(high, lowMicros(view, at));
        return;
      }
      case MOVE.decimal32:
      case MOVE.decimal64:
      case MOVE.decimalLong:
      case MOVE.decimal128:
        this.#moveDecimal(field, view, at);
    }
  }

  #moveDecimal({ sink, move, scale, column }: Field, view: DataView, at: number): void {
    const special = specialNumeric(view, at);
    if (special !== undefined) throw this.#refuse({ column }, `the value ${special}`);
    if (move === MOVE.decimal32) {
      sink.addInt32(numericToDouble(view, at, scale));
    } else if (move === MOVE.decimal64) {
      const value = numericToDouble(view, at, scale);
      sink.addInt64(Math.floor(value / 0x1_0000_0000), value);
    } else if (move === MOVE.decimalLong) {
      sink.addBigInt64(numericToBigInt(view, at, scale));
    } else {
      sink.addBigInt128(numericToBigInt(view, at, scale));
    }
  }

  #refuseTime(field: Field, high: number): never {
    throw this.#refuse(field, describeRefusedTime(high));
  }

  #refuse({ column }: Pick<Field, 'column'>, what: string): StageFailure {
    return new StageFailure(
      'data_error',
      `Column ${this.#table}.${column.name} of type ${describeType(column.type)} holds ${what}, which the staged ` +
        'files cannot hold. Correct the row, cast the column in a view and extract the view, or leave the column out.',
      { facts: { table: this.#table, column: column.name, value: what } },
    );
  }

  #wrongCount(count: number): StageFailure {
    return new StageFailure(
      'data_error',
      `A row of ${this.#table} came with ${String(count)} fields, not ${String(this.#fields.length)}: ` +
        'the connection does not lead to a PostgreSQL server.',
    );
  }
}

function moveOf(type: ColumnType): Move {
  switch (type.kind) {
    case 'boolean':
      return MOVE.boolean;
    case 'int16':
      return MOVE.int16;
    case 'int32':
    case 'float32':
      return MOVE.four;
    case 'int64':
    case 'float64':
      return MOVE.eight;
    case 'text':
    case 'json':
    case 'binary':
      return MOVE.bytes;
    case 'uuid':
      return MOVE.uuid;
    case 'date':
      return MOVE.date;
    case 'timestamp':
      return MOVE.time;
    case 'decimal':
      if (type.precision <= 9) return MOVE.decimal32;
      if (type.precision <= EXACT_DOUBLE_DIGITS) return MOVE.decimal64;
      return type.precision <= 18 ? MOVE.decimalLong : MOVE.decimal128;
  }
}

const UUID_TEXT_LENGTH = 36;

/** Two hexadecimal digits of each byte, the first one in the low half. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(),
);
const HYPHEN = 0x2d;

/** Hyphens stand before bytes 4, 6, 8 and 10. */
function writeUuid(target: Uint8Array, start: number, view: DataView, at: number): void {
  let next = start;
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) target[next++] = HYPHEN;
    const digits = HEX[view.getUint8(at + index)] ?? 0;
    target[next++] = digits;
    target[next++] = digits >> 8;
  }
}
