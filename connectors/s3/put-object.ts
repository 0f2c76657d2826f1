import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { StageFailure } from '../../pipeline/failure.ts';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';

/** Bytes. S3 takes 10,000 parts of at least 5 MiB; at most `PARTS_IN_FLIGHT` of them are in memory at once. */
const PART_SIZE = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 3;

/** An object as it was sent. */
export interface StoredObject {
  readonly bytes: number;
  /** CRC-32 of all bytes, eight hexadecimal digits. */
  readonly crc32: string;
}

/**
 * Streams an object to S3 as it is made, in parts of 8 MiB; a small one becomes a single request. The body is asked
 * for more only when a part has gone out. The object appears when the promise resolves, and never in part: a failure
 * or an abort discards the parts (those of a killed process end by the bucket's lifecycle rule). The SDK sends a CRC-32
 * with each request, which S3 checks; afterwards S3 is asked for the object's length.
 * @throws StageFailure; one that the body throws passes unchanged. `conflict` when the object has another length.
 */
export async function putObject(
  client: S3Client,
  uri: string,
  body: AsyncIterable<Uint8Array>,
  options: { readonly contentType: string; readonly signal?: AbortSignal },
): Promise<StoredObject> {
  const { bucket, key } = parseS3Uri(uri);
  const sent = { bytes: 0, crc: 0 };
  const stream = Readable.from(counted(body, sent), { objectMode: true, highWaterMark: 1 });
  const ended = new AbortController();
  const abort = (): void => {
    ended.abort();
  };
  try {
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', abort, { once: true });
    await new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: stream, ContentType: options.contentType },
      partSize: PART_SIZE,
      queueSize: PARTS_IN_FLIGHT,
      abortController: ended,
    }).done();
    await checkLength(client, uri, sent.bytes, ended.signal);
    return { bytes: sent.bytes, crc32: sent.crc.toString(16).padStart(8, '0') };
  } catch (error) {
    throw toS3Failure(error, `write ${uri}`);
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stream.destroy();
  }
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  sent: { bytes: number; crc: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of body) {
    sent.bytes += piece.length;
    sent.crc = crc32(piece, sent.crc);
    yield piece;
  }
}

/** By a listing: an answer to HEAD has no body, which alone tells a throttled request from a failed one. */
async function checkLength(client: S3Client, uri: string, bytes: number, signal: AbortSignal): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
  const listed = await client.send(command, { abortSignal: signal });
  // The object itself comes before all whose keys are longer.
  const [found] = listed.Contents ?? [];
  const stored = found?.Key === key ? (found.Size ?? 0) : 0;
  if (stored === bytes) return;
  throw new StageFailure(
    'conflict',
    `S3 holds ${String(stored)} bytes of ${uri}, of which ${String(bytes)} were sent. Another process may ` +
      'write to the same address; the next attempt writes to another one.',
    { facts: { uri, sent: bytes, stored } },
  );
}
