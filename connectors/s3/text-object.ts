import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';

/** A small object as text. `what` names it in messages, such as `the manifest`. @throws StageFailure `not_found` when there is none. */
export async function readText(
  client: S3Client,
  uri: string,
  what: string,
  signal?: AbortSignal,
): Promise<string> {
  const { bucket, key } = parseS3Uri(uri);
  try {
    const answer = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return (await answer.Body?.transformToString('utf8')) ?? '';
  } catch (error) {
    throw toS3Failure(error, `read ${what} ${uri}`);
  }
}

/** Writes JSON in one request, so that a reader sees the old object or the new one and nothing between. @throws StageFailure */
export async function writeJson(
  client: S3Client,
  uri: string,
  value: unknown,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const body = JSON.stringify(value, null, 1);
  try {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
      signal === undefined ? {} : { abortSignal: signal },
    );
  } catch (error) {
    throw toS3Failure(error, `write ${what} ${uri}`);
  }
}
