import { Transform, type TransformCallback } from 'node:stream';
import type { CsvFormat } from './csv-options.ts';

/** A field of a record: undefined for NULL. */
export type CsvField = string | undefined;

/** What is wrong with the text, at a column, from 1; the reader adds file and row. */
export class CsvFault extends Error {
  readonly code: string;
  readonly column: number | undefined;

  constructor(code: string, message: string, column?: number) {
    super(message);
    this.code = code;
    this.column = column;
  }
}

/** A record that goes on after so much text has an enclosed field that nobody closed. */
const RECORD_LIMIT_CHARS = 64 * 1024 * 1024;

/**
 * Bytes of CSV in, whatever `write` makes of each record out. A field in quotes ends where they close: what follows must be
 * a delimiter. Memory holds one record.
 */
export class CsvRecords extends Transform {
  readonly #format: CsvFormat;
  readonly #write: (fields: readonly CsvField[]) => string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #skip: number;
  #size = 0;
  #field = '';
  #fields: CsvField[] = [];
  /**
   * `closed`: a quote was met inside of quotes; the next letter tells whether it was written twice. `returned`: behind it came the first
   * half of a line end of Windows.
   */
  #state: 'start' | 'plain' | 'enclosed' | 'closed' | 'returned' = 'start';

  constructor(format: CsvFormat, write: (fields: readonly CsvField[]) => string) {
    super();
    this.#format = format;
    this.#write = write;
    this.#skip = format.skipHeader;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#pass(() => this.#consume(this.#decode(chunk)), done);
  }

  override _flush(done: TransformCallback): void {
    this.#pass(() => {
      const out = this.#consume(this.#decode());
      if (this.#state === 'enclosed')
        throw new CsvFault(
          '100068',
          'End of record reached while expected to parse column',
          this.#fields.length + 1,
        );
      return this.#size > 0 ? out + this.#endRecord() : out;
    }, done);
  }

  #pass(work: () => string, done: TransformCallback): void {
    try {
      const out = work();
      done(null, out === '' ? undefined : out);
    } catch (error) {
      done(error as Error);
    }
  }

  #decode(chunk?: Buffer): string {
    try {
      return chunk === undefined ? this.#decoder.decode() : this.#decoder.decode(chunk, { stream: true });
    } catch {
      throw new CsvFault('100144', 'Invalid UTF8 detected in a string', this.#fields.length + 1);
    }
  }

  #consume(text: string): string {
    let out = '';
    for (const letter of text) {
      if (letter === '\n' && this.#state !== 'enclosed') {
        if (this.#skip > 0) this.#skip -= 1;
        else out += this.#endRecord();
        this.#clear();
        continue;
      }
      this.#size += 1;
      if (this.#size > RECORD_LIMIT_CHARS)
        throw new CsvFault(
          '100068',
          'End of record reached while expected to parse column',
          this.#fields.length + 1,
        );
      this.#take(letter);
    }
    return out;
  }

  #take(letter: string): void {
    const { delimiter, enclosedBy } = this.#format;
    if (this.#state === 'enclosed') {
      if (letter === enclosedBy) this.#state = 'closed';
      else this.#field += letter;
    } else if (this.#state === 'closed' && letter === enclosedBy) {
      this.#field += letter;
      this.#state = 'enclosed';
    } else if (this.#state === 'closed' && letter === '\r') this.#state = 'returned';
    else if (letter === delimiter && this.#state !== 'returned') this.#endField();
    else if (this.#state === 'closed' || this.#state === 'returned') {
      const at = this.#fields.length + 1;
      throw new CsvFault(
        '100016',
        `Found character '${letter}' instead of field delimiter '${delimiter}'`,
        at,
      );
    } else if (this.#state === 'start' && letter === enclosedBy) this.#state = 'enclosed';
    else {
      this.#field += letter;
      this.#state = 'plain';
    }
  }

  #endField(): void {
    const { nullIf, emptyIsNull } = this.#format;
    const isNull = nullIf.includes(this.#field) || (emptyIsNull && this.#state === 'start');
    this.#fields.push(isNull ? undefined : this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  /** A record delimiter of one newline takes the line ends of Windows, too. */
  #endRecord(): string {
    if (this.#state === 'plain' && this.#field.endsWith('\r')) {
      this.#field = this.#field.slice(0, -1);
      if (this.#field === '') this.#state = 'start';
    }
    this.#endField();
    return this.#write(this.#fields);
  }

  #clear(): void {
    this.#fields = [];
    this.#field = '';
    this.#size = 0;
    this.#state = 'start';
  }
}
