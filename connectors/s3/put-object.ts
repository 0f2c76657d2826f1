import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';

/** Bytes. S3 takes 10,000 parts of at least 5 MiB; at most `PARTS_IN_FLIGHT` of them are in memory at once. */
const PART_SIZE = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 3;

/**
 * Streams an object to S3 as it is made, in parts of 8 MiB; a small one becomes a single request. The body is asked
 * for more only when a part has gone out. The object appears when the promise resolves, and never in part: a failure
 * or an abort discards the parts (those of a killed process end by the bucket's lifecycle rule).
 * @throws StageFailure; one that the body throws passes unchanged.
 */
export async function putObject(
  client: S3Client,
  uri: string,
  body: AsyncIterable<Uint8Array>,
  options: { readonly contentType: string; readonly signal?: AbortSignal },
): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const stream = Readable.from(body, { objectMode: true, highWaterMark: 1 });
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
  } catch (error) {
    throw toS3Failure(error, `write ${uri}`);
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stream.destroy();
  }
}
