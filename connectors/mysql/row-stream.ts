import type { Connection, PrepareStatementInfo } from 'mysql2';
import type { StageFailure } from '../../pipeline/failure.ts';
import { toMysqlFailure } from './failures.ts';

/** How the server sends one column: its type by number, and whether an integer has no sign. */
export interface WireColumn {
  readonly type: number;
  readonly unsigned: boolean;
}

type RowHandler = (bytes: Buffer, view: DataView, at: number) => void;

/** A message of the protocol as mysql2 has cut it out of the stream. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
}

/** What mysql2 has of a running statement and its type declarations leave out. */
interface Command {
  /** Sends the statement when there is no packet; answers true when the statement has ended. */
  execute(packet: Packet | undefined, connection: unknown): boolean;
}

/** mysql2's type declarations leave the socket out. */
type Wired = Connection & { readonly stream: { pause(): void; resume(): void } };

/** First bytes of messages (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html). */
const ERROR = 0xff;
const END = 0xfe;
const END_LENGTH = 9;

/** From the end of a column's definition: two bytes of filler, decimals, flags (2), type, length (4), character set (2). */
const FLAGS_FROM_END = 5;
const TYPE_FROM_END = 6;
const FLAG_UNSIGNED = 0x20;

/** Bytes that may wait for the consumer before the socket is paused. */
const MAX_WAITING = 1024 * 1024;

/** Rows that one read of the socket gave. */
interface Chunk {
  readonly bytes: Buffer;
  readonly starts: number[];
  size: number;
}

/**
 * Rows of a prepared statement in MySQL's binary protocol, without making an object of any: floats and times come as
 * the server holds them, where the text protocol rounds floats to six digits. Rows wait in the socket, and so in the
 * server, while the consumer is busy.
 */
export class RowStream {
  readonly #connection: Wired;
  readonly #fail: (error: unknown) => StageFailure;
  readonly #waiting: Chunk[] = [];
  readonly #layout: WireColumn[] = [];
  #columns = 0;
  #state: 'header' | 'definitions' | 'definitions-end' | 'rows' = 'header';
  #waitingBytes = 0;
  #paused = false;
  #ended = false;
  #error: StageFailure | undefined;
  #wake: (() => void) | undefined;

  /** `where` and `doing` as for `toMysqlFailure`. The statement is sent at once. */
  constructor(
    connection: Connection,
    sql: string,
    parameters: readonly string[],
    { where, doing }: { readonly where: string; readonly doing: string },
  ) {
    this.#connection = connection as Wired;
    this.#fail = (error) => toMysqlFailure(error, where, doing);
    connection.prepare(sql, (error, statement) => {
      if (error === null) this.#start(statement, parameters);
      else this.#stop(error);
    });
  }

  /** How each column is sent; known once `more` has answered. */
  get layout(): readonly WireColumn[] {
    return this.#layout;
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

  /** Hands over the rows that one read has brought, each by the place of its first byte. */
  take(onRow: RowHandler): void {
    const chunk = this.#waiting.shift();
    if (chunk === undefined) return;
    this.#waitingBytes -= chunk.size;
    if (this.#paused && this.#waitingBytes < MAX_WAITING / 2) {
      this.#paused = false;
      this.#connection.stream.resume();
    }
    const { bytes } = chunk;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const start of chunk.starts) onRow(bytes, view, start);
  }

  /** mysql2 sends the statement; what comes back is read here, except an error, of which it makes its own. */
  #start(statement: PrepareStatementInfo, parameters: readonly string[]): void {
    const command = statement.execute([...parameters], (error) => {
      if (error !== null) this.#stop(error);
    }) as unknown as Command;
    const original = command.execute.bind(command);
    command.execute = (packet, connection) =>
      packet === undefined || packet.buffer[packet.offset] === ERROR
        ? original(packet, connection)
        : this.#read(packet);
  }

  /** True when the statement has ended. */
  #read(packet: Packet): boolean {
    const { buffer, offset, end } = packet;
    switch (this.#state) {
      case 'header':
        // A length-encoded integer; a table has at most 4096 columns.
        this.#columns = buffer[offset] === 0xfc ? buffer.readUInt16LE(offset + 1) : buffer.readUInt8(offset);
        this.#state = 'definitions';
        return false;
      case 'definitions':
        this.#layout.push({
          type: buffer.readUInt8(end - TYPE_FROM_END),
          unsigned: (buffer.readUInt16LE(end - FLAGS_FROM_END) & FLAG_UNSIGNED) !== 0,
        });
        if (this.#layout.length === this.#columns) this.#state = 'definitions-end';
        return false;
      case 'definitions-end':
        this.#state = 'rows';
        return false;
      case 'rows':
        if (buffer[offset] === END && end - offset < END_LENGTH) {
          this.#ended = true;
          this.#signal();
          return true;
        }
        this.#queue(buffer, offset, end);
        return false;
    }
  }

  #queue(bytes: Buffer, start: number, end: number): void {
    const last = this.#waiting.at(-1);
    const size = end - start;
    this.#waitingBytes += size;
    if (last?.bytes === bytes) {
      last.starts.push(start);
      last.size += size;
      return;
    }
    this.#waiting.push({ bytes, starts: [start], size });
    if (!this.#paused && this.#waitingBytes >= MAX_WAITING) {
      this.#paused = true;
      this.#connection.stream.pause();
    }
    this.#signal();
  }

  #stop(error: unknown): void {
    this.#error ??= this.#fail(error);
    this.#signal();
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
