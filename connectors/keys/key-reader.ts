import type { Column, ColumnType } from '../../pipeline/column.ts';

/** What takes the values of one column; the calls are those by which a `KeyRecord` was made. */
interface ValueSink {
  addBoolean(value: boolean): void;
  addInt32(value: number): void;
  addInt64(high: number, low: number): void;
  addBigInt128(value: bigint): void;
  addBytes(source: Buffer, start: number, length: number): void;
}

type Form = 'boolean' | 'int32' | 'int64' | 'int128' | 'bytes';

/** Reads the records that `KeyRecord` makes. */
export class KeyReader {
  readonly #fields: readonly { readonly form: Form; readonly sink: ValueSink }[];

  constructor(columns: readonly Column[], sinks: readonly ValueSink[]) {
    this.#fields = columns.flatMap(({ type }, at) => {
      const sink = sinks[at];
      return sink === undefined ? [] : [{ form: formOf(type), sink }];
    });
  }

  /** Hands the values of the record at `at` over; answers where it ends. */
  addRow(bytes: Buffer, view: DataView, at: number): number {
    let next = at;
    for (const { form, sink } of this.#fields) {
      switch (form) {
        case 'boolean':
          sink.addBoolean(view.getInt32(next) === 1);
          next += 4;
          break;
        case 'int32':
          sink.addInt32(view.getInt32(next));
          next += 4;
          break;
        case 'int64':
          sink.addInt64(view.getInt32(next), view.getInt32(next + 4));
          next += 8;
          break;
        case 'int128':
          sink.addBigInt128((view.getBigInt64(next) << 64n) | view.getBigUint64(next + 8));
          next += 16;
          break;
        case 'bytes': {
          const length = view.getUint32(next);
          sink.addBytes(bytes, next + 4, length);
          next += 4 + length;
          break;
        }
      }
    }
    return next;
  }
}

/** By which call a column comes follows from its type alone. */
function formOf(type: ColumnType): Form {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'int16':
    case 'int32':
    case 'float32':
    case 'date':
      return 'int32';
    case 'int64':
    case 'float64':
    case 'timestamp':
      return 'int64';
    case 'decimal':
      if (type.precision <= 9) return 'int32';
      return type.precision <= 18 ? 'int64' : 'int128';
    case 'text':
    case 'json':
    case 'uuid':
    case 'binary':
      return 'bytes';
  }
}
