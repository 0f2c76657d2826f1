import { hasRoom, refuseForRoom, SHOWN_CHARACTERS, type TextRoom } from '../../pipeline/text-room.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const NULL = '\\N';

/** Enough of a value for a message: a character has at most four bytes. */
const KEPT_BYTES = 4 * SHOWN_CHARACTERS;

/** Looks at the text of staged CSV files, wherever it is cut, for values that have no room in the column that takes them. */
export class TextLengths {
  readonly #dataset: string;
  readonly #names: readonly string[];
  readonly #rooms: readonly (TextRoom | undefined)[];
  /** Whether any column has an end. */
  readonly #looks: boolean;
  readonly #kept = Buffer.alloc(KEPT_BYTES);
  #column = 0;
  #quoted = false;
  /** Of the value so far, without the quotes around it. */
  #quotes = 0;
  #bytes = 0;
  #characters = 0;

  /** Names and rooms of the columns, in their order; `dataset` names the batch in messages. */
  constructor(dataset: string, names: readonly string[], rooms: readonly (TextRoom | undefined)[]) {
    this.#dataset = dataset;
    this.#names = names;
    this.#rooms = rooms;
    this.#looks = rooms.some((room) => room !== undefined);
  }

  /** Takes the next piece of text. @throws StageFailure `data_error` that names the column and the value. */
  check(text: Buffer): void {
    if (!this.#looks) return;
    for (const byte of text) {
      if (byte === QUOTE) {
        this.#quoted = !this.#quoted;
        this.#quotes += 1;
        // The first one opens the value. Of two within it the first seems to close it; the second opens it again and is part of it.
        if (this.#quotes > 1 && this.#quoted) this.#add(byte);
      } else if (!this.#quoted && (byte === COMMA || byte === NEWLINE)) {
        this.#end();
        this.#column = byte === NEWLINE ? 0 : this.#column + 1;
      } else this.#add(byte);
    }
  }

  #add(byte: number): void {
    if (this.#bytes < KEPT_BYTES) this.#kept[this.#bytes] = byte;
    this.#bytes += 1;
    if ((byte & 0xc0) !== 0x80) this.#characters += 1;
  }

  #end(): void {
    const room = this.#rooms[this.#column];
    const length = this.#characters;
    if (room !== undefined && !hasRoom(room, length)) {
      const text = this.#kept.toString('utf8', 0, Math.min(this.#bytes, KEPT_BYTES));
      if (text !== NULL || this.#quotes > 0)
        throw refuseForRoom(this.#dataset, this.#names[this.#column] ?? '', room, { text, length });
    }
    this.#quotes = 0;
    this.#bytes = 0;
    this.#characters = 0;
  }
}
