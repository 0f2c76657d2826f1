import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isRetryable, StageFailure } from '../../pipeline/failure.ts';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 500;

/**
 * The bytes of an object from `start` up to and without `end`. The SDK repeats requests; an answer that breaks off is
 * asked for again here, so that one lost connection does not cost a load of hours.
 * @throws StageFailure; `data_error` when the object is not of so many bytes.
 */
export async function readRange(
  client: S3Client,
  uri: string,
  { start, end, size }: { readonly start: number; readonly end: number; readonly size: number },
  signal?: AbortSignal,
): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(client, uri, { start, end, size }, signal);
    } catch (error) {
      const failure = toS3Failure(error, `read ${uri}`);
      if (attempt === ATTEMPTS || signal?.aborted === true || !isRetryable(failure.failureClass))
        throw failure;
      await sleep(PAUSE_MS * attempt);
    }
  }
}

async function readOnce(
  client: S3Client,
  uri: string,
  { start, end, size }: { readonly start: number; readonly end: number; readonly size: number },
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const { bucket, key } = parseS3Uri(uri);
  const answer = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${String(start)}-${String(end - 1)}` }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const total = Number(answer.ContentRange?.split('/')[1]);
  const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
  if (total === size && bytes.length === end - start) return bytes;
  throw new StageFailure(
    'data_error',
    `The staged file ${uri} is not the one that its manifest names, which has ${String(size)} bytes. Run the extract of this label again.`,
    { facts: { file: uri, bytes: Number.isNaN(total) ? null : total, expected: size } },
  );
}
