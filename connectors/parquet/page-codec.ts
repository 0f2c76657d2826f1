import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type * as Snappy from 'snappy';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Compression } from '../../pipeline/staged-format.ts';

/** How the pages of a file are compressed. */
export interface PageCodec {
  /** parquet.thrift, `CompressionCodec`. */
  readonly id: number;
  /** On the thread pool. */
  compress(body: Uint8Array): Promise<Uint8Array>;
}

/** Level 1: three times the speed of the default, and a few per cent more bytes. */
const ZSTD_LEVEL = 1;
const MIN_CHUNK = 16 * 1024;
const MAX_CHUNK = 256 * 1024;

const compressZstd = promisify(zstdCompress);

const ZSTD: PageCodec = {
  id: 6,
  compress: (body) =>
    compressZstd(body, {
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
      pledgedSrcSize: body.length,
      // Each chunk of output is a visit of the thread pool of its own.
      chunkSize: Math.min(Math.max(body.length >> 1, MIN_CHUNK), MAX_CHUNK),
    }),
};

const SNAPPY: PageCodec = {
  id: 1,
  compress: async (body) => (await loadSnappy()).compress(body),
};

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
      'The package snappy could not be loaded, so no file can be compressed with it. Write format: parquet in the stage, ' +
        'which needs no package, or install snappy for the platform of the worker.',
      { cause: error },
    );
  }
}
