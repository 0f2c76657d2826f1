import type { Socket } from 'node:net';
import type pg from 'pg';
import { toPostgresFailure } from './failures.ts';

/** Message types of the wire protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;
const HEADER = 5;

/** Signature, flags and extension length that precede the first row of the binary format. */
const FILE_HEADER = 19;

/** Messages that may wait for the consumer before the socket is paused; each chunk is what one read gave, ≤ 64 KiB. */
const MAX_WAITING = 16;

type RowHandler = (bytes: Buffer, view: DataView, at: number) => void;

/** What pg keeps of its connection and its type declarations leave out. */
interface WireConnection {
  readonly stream: Socket;
  query(text: string): void;
}

/**
 * Rows of `COPY … TO STDOUT (FORMAT binary)`, on a connection of pg, without copying them: while the data flows, the
 * socket's listener is this object; from CopyDone or an error on, it is pg's again. One CopyData message is one row
 * in every format. Rows wait in the socket, and so in the server, while the consumer is busy.
 */
export class CopyOut implements pg.Submittable {
  /** The statement, by the name that queries of pg have it under. */
  readonly text: string;
  readonly #fail: (error: unknown) => Error;
  readonly #waiting: Buffer[] = [];
  #connection: WireConnection | undefined;
  #pgListeners: ((chunk: Buffer) => void)[] = [];
  /** A message that the socket has cut: its first `#cutFilled` bytes, in memory for all of it. */
  #cut: Buffer | undefined;
  #cutFilled = 0;
  /** Up to four bytes of a header that the socket has cut. */
  #stub: Buffer | undefined;
  #headerSeen = false;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** `where` and `doing` as for `toPostgresFailure`. Give the object to `client.query`. */
  constructor(sql: string, where: string, doing: string) {
    this.text = sql;
    this.#fail = (error) => toPostgresFailure(error, where, doing);
  }

  /** Waits for rows; false when all were taken and the server has confirmed the end. @throws StageFailure */
  async more(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return true;
  }

  /** Hands over the rows of the next chunk, each by the place of its count of fields. */
  take(onRow: RowHandler): void {
    const messages = this.#waiting.shift();
    if (messages === undefined) return;
    if (this.#waiting.length < MAX_WAITING / 2) this.#connection?.stream.resume();
    const view = new DataView(messages.buffer, messages.byteOffset, messages.length);
    let at = 0;
    while (at < messages.length) {
      onRow(messages, view, at + HEADER);
      at += 1 + view.getInt32(at + 1);
    }
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as WireConnection;
    this.#connection = wire;
    this.#pgListeners = wire.stream.listeners('data') as ((chunk: Buffer) => void)[];
    wire.stream.removeAllListeners('data');
    wire.stream.on('data', this.#onData);
    wire.query(this.text);
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.#error ??= this.#fail(error);
    this.#signal();
  }

  handleReadyForQuery(): void {
    this.#ended = true;
    this.#signal();
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows and ends the copy.
  }

  readonly #onData = (chunk: Buffer): void => {
    let rest = this.#stub === undefined ? chunk : Buffer.concat([this.#stub, chunk]);
    this.#stub = undefined;
    if (this.#cut !== undefined) {
      const taken = rest.copy(this.#cut, this.#cutFilled);
      this.#cutFilled += taken;
      if (this.#cutFilled < this.#cut.length) return;
      const whole = this.#cut;
      this.#cut = undefined;
      this.#readMessages(whole);
      rest = rest.subarray(taken);
    }
    this.#readMessages(rest);
  };

  /** Queues whole rows, skips notices and what is no row, keeps what the socket has cut. */
  #readMessages(bytes: Buffer): void {
    let from = 0;
    let at = 0;
    while (at + HEADER <= bytes.length) {
      const type = bytes.readUInt8(at);
      if (type === COPY_DONE || type === ERROR_RESPONSE) {
        this.#queue(bytes.subarray(from, at));
        this.#giveBack(bytes.subarray(at));
        return;
      }
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      const row = type === COPY_DATA ? this.#frameRow(bytes, at, end) : end;
      if (row !== at) {
        this.#queue(bytes.subarray(from, at));
        from = row;
      }
      at = end;
    }
    this.#queue(bytes.subarray(from, at));
    this.#keepCut(bytes.subarray(at));
  }

  /**
   * Where the message of the row starts that lies between `at` and `end`; `end` when it is none. The first message
   * also holds the file's header, and the row's own frame is then written over the end of it. The last message is a
   * count of fields of -1.
   */
  #frameRow(bytes: Buffer, at: number, end: number): number {
    let start = at;
    if (!this.#headerSeen) {
      this.#headerSeen = true;
      start += FILE_HEADER + bytes.readInt32BE(at + HEADER + FILE_HEADER - 4);
      bytes.writeUInt8(COPY_DATA, start);
      bytes.writeUInt32BE(end - start - 1, start + 1);
    }
    const row = start + HEADER;
    return row === end || bytes.readInt16BE(row) === -1 ? end : start;
  }

  #keepCut(start: Buffer): void {
    if (start.length === 0) return;
    if (start.length < HEADER) {
      this.#stub = Buffer.from(start);
      return;
    }
    this.#cut = Buffer.allocUnsafeSlow(1 + start.readUInt32BE(1));
    this.#cutFilled = start.copy(this.#cut);
  }

  #queue(messages: Buffer): void {
    if (messages.length === 0) return;
    this.#waiting.push(messages);
    if (this.#waiting.length >= MAX_WAITING) this.#connection?.stream.pause();
    this.#signal();
  }

  /** pg reads on from `rest`. */
  #giveBack(rest?: Buffer): void {
    const stream = this.#connection?.stream;
    const listeners = this.#pgListeners;
    if (stream === undefined || listeners.length === 0) return;
    this.#pgListeners = [];
    stream.off('data', this.#onData);
    for (const listener of listeners) stream.on('data', listener);
    stream.resume();
    if (rest !== undefined) for (const listener of listeners) listener(rest);
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
