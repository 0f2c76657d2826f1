import { StageFailure } from '../../pipeline/failure.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** What PostgreSQL wants in front of hexadecimal digits (https://www.postgresql.org/docs/current/datatype-binary.html). */
const HEX_PREFIX = Buffer.from('\\x');

/**
 * Makes text for `COPY … (FORMAT csv, NULL '\N')` of PostgreSQL from that of staged files: puts more values behind each row
 * and a prefix in front of binary values, and leaves all others as they are, byte for byte.
 */
export class CopyText {
  readonly #tail: Buffer;
  /** By the place of the column; undefined when no column is binary, so that commas need not be counted. */
  readonly #binary: readonly boolean[] | undefined;
  #quoted = false;
  #column = 0;
  /** The next byte is the first one of a value. */
  #fresh = true;
  #begun = false;

  /** `more` are the values behind each row, of letters that need no quotes. `binary` says which columns are. */
  constructor(binary: readonly boolean[], more: readonly string[]) {
    this.#tail = Buffer.from(more.map((value) => `,${value}`).join(''));
    this.#binary = binary.includes(true) ? binary : undefined;
  }

  /** The next piece of text, in memory of its own. */
  add(text: Buffer): Buffer {
    const tail = this.#tail;
    const binary = this.#binary;
    let quoted = this.#quoted;
    let to: Buffer = Buffer.allocUnsafeSlow(text.length + Math.max(1_024, text.length >> 2));
    let at = 0;
    for (let from = 0; from < text.length; from++) {
      const byte = text[from] ?? 0;
      let added: Buffer | undefined;
      if (binary !== undefined && this.#fresh) {
        this.#fresh = false;
        // Only NULL begins with a backslash.
        if (binary[this.#column] === true && byte !== BACKSLASH) added = HEX_PREFIX;
      }
      if (byte === QUOTE) quoted = !quoted;
      else if (!quoted && byte === NEWLINE) {
        added = tail;
        this.#column = 0;
        this.#fresh = true;
      } else if (!quoted && byte === COMMA && binary !== undefined) {
        this.#column += 1;
        this.#fresh = true;
      }
      if (added !== undefined) {
        to = withRoom(to, at, added.length + text.length - from);
        at += added.copy(to, at);
      }
      to[at++] = byte;
    }
    this.#quoted = quoted;
    if (text.length > 0) this.#begun = quoted || text.at(-1) !== NEWLINE;
    return to.subarray(0, at);
  }

  /** Ends the text of a file. @throws StageFailure `data_error` when it ends within a row, so that the next one would go on there. */
  end(file: string): void {
    if (!this.#begun) return;
    throw new StageFailure(
      'data_error',
      `The staged file ${file} ends within a row. Run the extract of this label again.`,
      { facts: { file } },
    );
  }
}

function withRoom(to: Buffer, at: number, size: number): Buffer {
  if (at + size <= to.length) return to;
  const larger = Buffer.allocUnsafeSlow(Math.max(at + size, to.length * 2));
  to.copy(larger, 0, 0, at);
  return larger;
}
