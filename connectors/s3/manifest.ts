import type { S3Client } from '@aws-sdk/client-s3';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import { checkManifest } from './manifest-shape.ts';
import { readText, writeJson } from './text-object.ts';

/**
 * Reads the manifest of a staged label and checks its shape.
 * @throws StageFailure `not_found` when there is none, `data_error` when the object is no manifest.
 */
export async function readManifest(client: S3Client, uri: string, signal?: AbortSignal): Promise<Manifest> {
  const text = await readText(client, uri, 'the manifest', signal);
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
  await writeJson(client, uri, manifest, 'the manifest', signal);
}
