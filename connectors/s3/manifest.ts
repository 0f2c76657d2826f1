import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';
import { checkManifest } from './manifest-shape.ts';

/**
 * Reads the manifest of a staged label and checks its shape.
 * @throws StageFailure `not_found` when there is none, `data_error` when the object is no manifest.
 */
export async function readManifest(client: S3Client, uri: string, signal?: AbortSignal): Promise<Manifest> {
  const text = await readText(client, uri, signal);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new StageFailure(
      'data_error',
      `The manifest ${uri} is not JSON. Run the extract of this label again.`,
      {
        cause: error,
        facts: { uri },
      },
    );
  }
  return checkManifest(parsed, uri);
}

/** Publishes a manifest in one request, so that a reader sees the old one or the new one and nothing between. */
export async function writeManifest(
  client: S3Client,
  uri: string,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  const { bucket, key } = parseS3Uri(uri);
  const body = JSON.stringify(manifest, null, 1);
  try {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
      signal === undefined ? {} : { abortSignal: signal },
    );
  } catch (error) {
    throw toS3Failure(error, `write the manifest ${uri}`);
  }
}

async function readText(client: S3Client, uri: string, signal: AbortSignal | undefined): Promise<string> {
  const { bucket, key } = parseS3Uri(uri);
  try {
    const answer = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return (await answer.Body?.transformToString('utf8')) ?? '';
  } catch (error) {
    throw toS3Failure(error, `read the manifest ${uri}`);
  }
}
