import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type * as Snappy from 'snappy';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Compression } from '../../pipeline/staged-format.ts';

/** How the pages of a file are compressed. */
export interface PageCodec {
  /** parquet.thrift, `CompressionCodec`. */
  readonly id: number;
  /** On the thread pool. */
  compress(body: Uint8Array): Promise<Uint8Array>;
  /** On the thread pool; `rawBytes` is what the page's header says. @throws for what is not so compressed, or is longer. */
  decompress(stored: Buffer, rawBytes: number): Promise<Buffer>;
}

/**
 * Level 1: three times the speed of the default, and a few per cent more bytes. Its table of what was seen is made smaller than it is for pages of
 * this size, so that it stays in the nearest cache, and short repetitions are left alone (docs/performance.md; zstd.h, "Advanced compression API").
 */
const ZSTD_FAST = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_hashLog]: 13,
  [constants.ZSTD_c_minMatch]: 7,
};
const MIN_CHUNK = 16 * 1024;
const MAX_CHUNK = 256 * 1024;
/** What zlib asks for at least. */
const MIN_OUTPUT = 64;

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);

const ZSTD: PageCodec = {
  id: 6,
  compress: (body) =>
    compressZstd(body, {
      params: ZSTD_FAST,
      pledgedSrcSize: body.length,
      // Each chunk of output is a visit of the thread pool of its own.
      chunkSize: Math.min(Math.max(body.length >> 1, MIN_CHUNK), MAX_CHUNK),
    }),
  decompress: (stored, rawBytes) =>
    decompressZstd(stored, {
      maxOutputLength: Math.max(rawBytes, 1),
      chunkSize: Math.max(rawBytes, MIN_OUTPUT),
    }),
};

const SNAPPY: PageCodec = {
  id: 1,
  compress: async (body) => (await loadSnappy()).compress(body),
  decompress: async (stored) => {
    const raw = await (await loadSnappy()).uncompress(stored, { asBuffer: true });
    return Buffer.from(raw);
  },
};

/** The codec that a file names, or undefined when no file of ours has it. */
export function codecOf(id: number): PageCodec | undefined {
  return [ZSTD, SNAPPY].find((codec) => codec.id === id);
}

/** @throws StageFailure `invalid_config` for what no page is compressed with. */
export function pageCodec(compression: Compression): PageCodec {
  switch (compression) {
    case 'zstd':
      return ZSTD;
    case 'snappy':
      return SNAPPY;
    case 'gzip':
      throw new StageFailure(
        'invalid_config',
        'Parquet files are compressed with zstd or snappy, not with gzip.',
      );
  }
}

/** Loaded only when it is asked for: it is native code, which a platform may lack. */
async function loadSnappy(): Promise<typeof Snappy> {
  try {
    return await import('snappy');
  } catch (error) {
    throw new StageFailure(
      'invalid_config',
      'The package snappy could not be loaded, so no file can be compressed with it or read. Write format: parquet in the stage, ' +
        'which needs no package, or install snappy for the platform of the worker.',
      { cause: error },
    );
  }
}
