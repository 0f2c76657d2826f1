import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  /** Lines to leave out at the start. */
  readonly ignoreHeader: number;
}

/** `undefined` stands for a field without quotes and without content. */
export interface CsvRecord {
  /** Line of the file on which the record starts, from 1. */
  readonly line: number;
  readonly raw: string;
  readonly fields: readonly (string | undefined)[];
  /** How many lines of the file it covers. */
  readonly lines: number;
}

/** A single field of 4 MB is the largest that Redshift loads; a longer record is an unclosed quote. */
const RECORD_LIMIT_CHARS = 64 * 1024 * 1024;

/**
 * CSV bytes in, whatever `write` makes of each record out. Redshift reads a quote that is not the first character
 * of a field as content. Memory holds one record.
 */
export class CsvRecords extends Transform {
  readonly #dialect: CsvDialect;
  readonly #write: (record: CsvRecord) => string;
  readonly #decoder = new StringDecoder('utf8');
  #line = 1;
  #startLine = 1;
  #raw = '';
  #field = '';
  #fields: (string | undefined)[] = [];
  /** `ended`: a quote was met inside quotes; the next character tells whether it was doubled. */
  #state: 'start' | 'plain' | 'quoted' | 'ended' = 'start';

  constructor(dialect: CsvDialect, write: (record: CsvRecord) => string) {
    super();
    this.#dialect = dialect;
    this.#write = write;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    try {
      const out = this.#consume(this.#decoder.write(chunk));
      done(null, out === '' ? undefined : out);
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      let out = this.#consume(this.#decoder.end());
      if (this.#state === 'quoted') throw new Error(`line ${this.#startLine}: a quoted field is not closed`);
      if (this.#raw !== '') out += this.#endRecord();
      done(null, out === '' ? undefined : out);
    } catch (error) {
      done(error as Error);
    }
  }

  #consume(text: string): string {
    let out = '';
    for (const char of text) {
      if (this.#line <= this.#dialect.ignoreHeader) {
        if (char === '\n') this.#startLine = ++this.#line;
        continue;
      }
      if (char === '\n' && this.#state !== 'quoted') {
        out += this.#endRecord();
        this.#startLine = ++this.#line;
        continue;
      }
      if (char === '\n') this.#line++;
      this.#raw += char;
      if (this.#raw.length > RECORD_LIMIT_CHARS)
        throw new Error(`line ${this.#startLine}: the record is too long`);
      this.#character(char);
    }
    return out;
  }

  #character(char: string): void {
    const { delimiter, quote } = this.#dialect;
    if (this.#state === 'quoted') {
      if (char === quote) this.#state = 'ended';
      else this.#field += char;
    } else if (this.#state === 'ended' && char === quote) {
      this.#field += char;
      this.#state = 'quoted';
    } else if (char === delimiter) this.#endField();
    else if (this.#state === 'start' && char === quote) this.#state = 'quoted';
    else {
      this.#field += char;
      if (this.#state === 'start') this.#state = 'plain';
    }
  }

  #endField(): void {
    this.#fields.push(this.#state === 'start' ? undefined : this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  #endRecord(): string {
    const raw = this.#raw.endsWith('\r') ? this.#raw.slice(0, -1) : this.#raw;
    if (raw !== this.#raw && this.#field.endsWith('\r')) {
      this.#field = this.#field.slice(0, -1);
      if (this.#field === '' && this.#state === 'plain') this.#state = 'start';
    }
    this.#endField();
    const record = {
      line: this.#startLine,
      raw,
      fields: this.#fields,
      lines: this.#line - this.#startLine + 1,
    };
    this.#fields = [];
    this.#raw = '';
    return this.#write(record);
  }
}
