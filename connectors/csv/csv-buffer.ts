/** Bytes after which a chunk goes to the compressor, at the end of a row. */
export const CHUNK_BYTES = 256 * 1024;

const CAPACITY = CHUNK_BYTES + 64 * 1024;

/** Rows as text, which the columns of a row write one after the other. */
export class CsvBuffer {
  /** Valid until the next `reserve` or `take`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY);
  /** Next free byte. */
  at = 0;

  /** Makes room for so many bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  /** What was written; afterwards this object is empty and owns new memory. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafeSlow(CAPACITY);
    this.at = 0;
    return taken;
  }
}
