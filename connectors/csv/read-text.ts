import { pipeline } from 'node:stream';
import { crc32, createGunzip, createZstdDecompress } from 'node:zlib';
import { StageFailure } from '../../pipeline/failure.ts';
import { CHUNK_BYTES } from './csv-buffer.ts';

/** A staged file and what its manifest says of it. */
export interface CsvSource {
  /** For messages. */
  readonly name: string;
  /** In bytes, as they are stored. */
  readonly size: number;
  /** Of the stored bytes, eight hexadecimal digits; undefined when the manifest does not tell. */
  readonly crc32: string | undefined;
  /** Bytes from `start` up to and without `end`. */
  read(start: number, end: number): Promise<Buffer>;
}

/** Bytes of one request. While they are being used, the next ones are on their way. */
const RANGE_BYTES = 4 * 1024 * 1024;

/**
 * The text of a file, cut anywhere, as it is read. The checksum is known at its end: the caller keeps nothing of a file
 * whose iteration failed.
 * @throws StageFailure `data_error` for a file that is damaged, and whatever the source throws.
 */
export async function* readText(
  source: CsvSource,
  compression: 'zstd' | 'gzip' | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  if (compression === undefined) {
    yield* storedBytes(source);
    return;
  }
  const options = { chunkSize: CHUNK_BYTES };
  const decompressor = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
  // An error of the source reaches the reader of the stream, which is the loop below.
  const text = pipeline(storedBytes(source), decompressor, () => undefined);
  try {
    yield* text as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof StageFailure ? error : damaged(source, error);
  }
}

async function* storedBytes(source: CsvSource): AsyncGenerator<Buffer, void, undefined> {
  const { size } = source;
  let sum = 0;
  let ahead = readAhead(source, 0);
  for (let start = 0; start < size; start += RANGE_BYTES) {
    const bytes = await ahead;
    ahead = readAhead(source, start + RANGE_BYTES);
    sum = crc32(bytes, sum);
    yield bytes;
  }
  if (source.crc32 !== undefined && Number.parseInt(source.crc32, 16) !== sum)
    throw damaged(source, 'its checksum is not the one in the manifest');
}

/** A failure is reported to whoever awaits it and to nobody else. */
function readAhead(source: CsvSource, start: number): Promise<Buffer> {
  const end = Math.min(source.size, start + RANGE_BYTES);
  const read = start < end ? source.read(start, end) : Promise.resolve(Buffer.alloc(0));
  read.catch(() => undefined);
  return read;
}

function damaged({ name }: CsvSource, why: unknown): StageFailure {
  const reason = why instanceof Error ? why.message : String(why);
  return new StageFailure(
    'data_error',
    `The staged file ${name} is damaged: ${reason}. Run the extract of this label again.`,
    { cause: why, facts: { file: name } },
  );
}
