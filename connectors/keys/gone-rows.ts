import type { Column } from '../../pipeline/column.ts';
import { SINCE, type KeyRun } from './gone-keys.ts';
import { KeyReader } from './key-reader.ts';
import { readBlocks, RECORD_HEADER } from './run-blocks.ts';

type OnRow = (bytes: Buffer, view: DataView, at: number) => void;

/** The keys of a run that `goneKeys` wrote, as rows of the columns of the key. */
export class GoneRows {
  readonly #blocks: AsyncGenerator<Buffer, void, undefined>;
  #block: Buffer | undefined;

  constructor({ size, read }: Omit<KeyRun, 'holds'>) {
    this.#blocks = readBlocks(size, read);
  }

  /** Waits for rows; false when all were taken. */
  async more(): Promise<boolean> {
    if (this.#block !== undefined) return true;
    const next = await this.#blocks.next();
    if (next.done === true) return false;
    this.#block = next.value;
    return true;
  }

  /** Hands over the rows of one block, each by the place of its first value. */
  take(onRow: OnRow): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    for (let at = 0; at < block.length;) {
      onRow(block, view, at + RECORD_HEADER + SINCE);
      at += RECORD_HEADER + block.readUInt32BE(at);
    }
  }

  openReader(
    _table: string,
    columns: readonly Column[],
    sinks: ConstructorParameters<typeof KeyReader>[1],
  ): KeyReader {
    return new KeyReader(columns, sinks);
  }
}
