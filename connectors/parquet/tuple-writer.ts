import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { hasRoom, refuseForRoom, type TextRoom } from '../../pipeline/text-room.ts';
import { MAX_FIELD_BYTES, MOVE, moveOf, type Move, type WireType } from './field-moves.ts';
import { writeNumeric128, writeNumeric32, writeNumeric64 } from './numeric-field.ts';
import type { LoadedPage, Round } from './read-pages.ts';
import { readUuid } from './uuid-field.ts';
import { EPOCH_DAYS, EPOCH_HIGH, EPOCH_LOW } from './wire-time.ts';

/** A column of the files and the type of the table's column that takes it. */
export interface TupleColumn {
  readonly column: Column;
  readonly wire: WireType;
  /** Of a column for texts of some lengths. */
  readonly room?: TextRoom;
  /** Its place among the columns of the files: the same as here when it is not said, and null when they lack it. */
  readonly place?: number | null;
}

interface Field {
  readonly column: Column;
  readonly place: number | null;
  readonly move: Move;
  readonly scale: number;
  readonly room: TextRoom | undefined;
  page: LoadedPage;
  /** Where the next value lies in the page and where the last one ends: in bytes; of booleans, in bits. */
  at: number;
  end: number;
}

/** Small enough that the server takes a chunk from memory that is still near. */
const CHUNK = 64 * 1024;
/** Of ordinary rows about one chunk. */
const ROWS_AT_ONCE = 1_000;

/** Below so many bytes a loop is faster than the call that copies memory. */
const SHORT = 32;
const NO_PAGE: LoadedPage = {
  bytes: Buffer.alloc(0),
  view: new DataView(new ArrayBuffer(0)),
  presentAt: -1,
  valuesAt: 0,
};
/** No value is present: each row has NULL. */
const ABSENT: LoadedPage = { ...NO_PAGE, presentAt: 0 };

/**
 * Makes rows of PostgreSQL's binary COPY from pages
 * (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"): the inverse of `TupleReader`. No object is
 * made for a row or a value.
 */
export class TupleWriter {
  readonly #fields: readonly Field[];
  /** The same field in every row, behind the others; empty when there is none. */
  readonly #last: Buffer;
  readonly #width: number;
  readonly #dataset: string;
  #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #view = viewOf(this.#chunk);
  #at = 0;
  readonly #full: Buffer[] = [];

  /** `dataset` names the batch in messages. `last` is the text of one more column, if there is one. */
  constructor(dataset: string, columns: readonly TupleColumn[], last: string | undefined) {
    this.#dataset = dataset;
    this.#width = columns.length + (last === undefined ? 0 : 1);
    this.#fields = columns.map(({ column, wire, room, place }, at) => ({
      column,
      place: place === undefined ? at : place,
      move: moveOf(column.type, wire) ?? mismatch(dataset, column, wire),
      scale: column.type.kind === 'decimal' ? column.type.scale : 0,
      room,
      page: NO_PAGE,
      at: 0,
      end: 0,
    }));
    this.#last = last === undefined ? Buffer.alloc(0) : textField(last);
  }

  /**
   * The rows of a round, in memory of their own, and the first of them while the others are not made yet: the server is at work
   * with these meanwhile. @throws StageFailure `data_error` for a text that is no uuid, or has no room.
   */
  *write({ rows, pages }: Round): Generator<Buffer, void, undefined> {
    const fields = this.#fields;
    for (const field of fields) {
      field.page = field.place === null ? ABSENT : (pages[field.place] ?? NO_PAGE);
      const unit = field.move === MOVE.boolean ? 8 : 1;
      field.at = field.page.valuesAt * unit;
      field.end = field.page.bytes.length * unit;
    }
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      this.#writeRows(from, Math.min(from + ROWS_AT_ONCE, rows));
      yield* this.#full.splice(0);
    }
    const longer = fields.find(({ move, at, end }) => end - at > (move === MOVE.boolean ? 7 : 0));
    if (longer !== undefined) throw this.#damaged(longer);
    yield* this.#take();
  }

  #writeRows(from: number, to: number): void {
    const fields = this.#fields;
    for (let row = from; row < to; row++) {
      this.#reserve(2);
      this.#view.setInt16(this.#at, this.#width);
      this.#at += 2;
      for (const field of fields) this.#writeField(field, row);
      this.#reserve(this.#last.length);
      this.#copy(this.#last, 0, this.#last.length);
    }
  }

  #writeField(field: Field, row: number): void {
    this.#reserve(MAX_FIELD_BYTES);
    const { presentAt, bytes } = field.page;
    if (presentAt >= 0 && ((bytes[presentAt + (row >> 3)] ?? 0) & (1 << (row & 7))) === 0) {
      this.#view.setInt32(this.#at, -1);
      this.#at += 4;
    } else if (field.at < field.end) {
      this.#move(field);
    } else {
      throw this.#damaged(field);
    }
  }

  #move(field: Field): void {
    const view = this.#view;
    const from = field.page.view;
    const source = field.at;
    const at = this.#at + 4;
    let length = 4;
    let taken = 4;
    switch (field.move) {
      case MOVE.boolean:
        view.setUint8(at, (from.getUint8(source >> 3) >> (source & 7)) & 1);
        length = 1;
        taken = 1;
        break;
      case MOVE.int2:
        view.setInt16(at, from.getInt32(source, true));
        length = 2;
        break;
      case MOVE.four:
        view.setInt32(at, from.getInt32(source, true));
        break;
      case MOVE.int4ToInt8: {
        const value = from.getInt32(source, true);
        view.setInt32(at, value >> 31);
        view.setInt32(at + 4, value);
        length = 8;
        break;
      }
      case MOVE.eight:
        view.setInt32(at, from.getInt32(source + 4, true));
        view.setInt32(at + 4, from.getInt32(source, true));
        length = taken = 8;
        break;
      case MOVE.float4ToFloat8:
        view.setFloat64(at, from.getFloat32(source, true));
        length = 8;
        break;
      case MOVE.date:
        view.setInt32(at, from.getInt32(source, true) - EPOCH_DAYS);
        break;
      case MOVE.time: {
        const low = from.getUint32(source, true);
        view.setInt32(at, from.getInt32(source + 4, true) - EPOCH_HIGH - (low < EPOCH_LOW ? 1 : 0));
        view.setInt32(at + 4, low - EPOCH_LOW);
        length = taken = 8;
        break;
      }
      case MOVE.numeric32:
        length = writeNumeric32(view, at, from.getInt32(source, true), field.scale);
        break;
      case MOVE.numeric64:
        length = writeNumeric64(
          view,
          at,
          from.getInt32(source + 4, true),
          from.getUint32(source, true),
          field.scale,
        );
        taken = 8;
        break;
      case MOVE.numeric128:
        length = writeNumeric128(view, at, from, source, field.scale);
        taken = 16;
        break;
      case MOVE.bytes:
      case MOVE.jsonb:
      case MOVE.uuid:
        this.#moveText(field, from.getUint32(source, true));
        return;
    }
    view.setInt32(at - 4, length);
    this.#at = at + length;
    field.at = source + taken;
  }

  #moveText(field: Field, length: number): void {
    const start = field.at + 4;
    if (start + length > field.end) throw this.#damaged(field);
    field.at = start + length;
    if (field.room !== undefined) this.#checkRoom(field, field.room, start, length);
    if (field.move === MOVE.uuid) {
      this.#view.setInt32(this.#at, 16);
      if (!readUuid(field.page.bytes, start, length, this.#chunk, this.#at + 4)) throw this.#noUuid(field);
      this.#at += 20;
      return;
    }
    const version = field.move === MOVE.jsonb ? 1 : 0;
    this.#reserve(4 + version + length);
    this.#view.setInt32(this.#at, version + length);
    // jsonb_recv knows one version of its format: a byte 1, then the text.
    if (version === 1) this.#chunk[this.#at + 4] = 1;
    this.#at += 4 + version;
    this.#copy(field.page.bytes, start, length);
  }

  /** A character has at least one byte, and one byte that does not go on with another one. */
  #checkRoom({ column, page }: Field, room: TextRoom, start: number, length: number): void {
    if (!room.exact && length <= room.characters) return;
    let characters = 0;
    for (let at = start; at < start + length; at++)
      if (((page.bytes[at] ?? 0) & 0xc0) !== 0x80) characters += 1;
    if (hasRoom(room, characters)) return;
    const text = page.bytes.toString('utf8', start, start + length);
    throw refuseForRoom(this.#dataset, column.name, room, { text, length: characters });
  }

  /** Into room that is reserved. */
  #copy(source: Buffer, start: number, length: number): void {
    const chunk = this.#chunk;
    const at = this.#at;
    if (length > SHORT) source.copy(chunk, at, start, start + length);
    else for (let place = 0; place < length; place++) chunk[at + place] = source[start + place] ?? 0;
    this.#at = at + length;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#chunk.length) return;
    this.#full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, size));
    this.#view = viewOf(this.#chunk);
    this.#at = 0;
  }

  /** A chunk that is hardly filled waits for the next round: its memory goes on where it ended. */
  #take(): readonly Buffer[] {
    const full = this.#full.splice(0);
    if (this.#at > 0) full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#view = viewOf(this.#chunk);
    this.#at = 0;
    return full;
  }

  #damaged({ column }: Field): StageFailure {
    return new StageFailure(
      'data_error',
      `A page of column "${column.name}" of ${this.#dataset} holds other values than its header says. Run the extract of this label again.`,
      { facts: { dataset: this.#dataset, column: column.name } },
    );
  }

  #noUuid({ column }: Field): StageFailure {
    return new StageFailure(
      'data_error',
      `Column "${column.name}" of ${this.#dataset} holds a text that is no uuid, and the column of the table is of type uuid. ` +
        'Correct the row at the source, or give the table a column of type text.',
      { facts: { dataset: this.#dataset, column: column.name } },
    );
  }
}

function textField(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function mismatch(dataset: string, column: Column, wire: WireType): never {
  throw new StageFailure(
    'data_error',
    `Column "${column.name}" of ${dataset} is ${describeType(column.type)}, which a column of type ${wire} cannot hold unchanged.`,
    { facts: { dataset, column: column.name } },
  );
}
