import type { S3Client } from '@aws-sdk/client-s3';
import { datasetFolder, parseS3Uri, type StagedRevision } from '../../connectors/s3/location.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { abortUploads, listPage, removeObjects } from '../../connectors/s3/stored-objects.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { leftovers, suspectRevisions, type SuspectRevision } from '../../pipeline/staged-leftovers.ts';

/** How far before its own label a run looks; labels behind it belong to runs that will look later. Milliseconds. */
const LOOK_BACK = 14 * 86_400_000;
/** Revisions that one run looks into. */
const MOST_REVISIONS = 20;

/**
 * Removes what dead attempts of earlier runs of the stage left behind: files of rows that no manifest names, and parts of
 * uploads that were never completed, each older than `deadline` (milliseconds since 1970), before which no living
 * attempt can have begun. Looks at one page of the listing, from 14 days before the own label on. A failure is nobody's
 * reason to fail: the next run looks again.
 */
export async function collectLeftovers(
  client: S3Client,
  staged: StagedRevision,
  { deadline, start }: { readonly deadline: number; readonly start: number },
  signal: AbortSignal,
): Promise<void> {
  const { bucket } = staged;
  const prefix = datasetFolder(staged);
  const after = prefix + new Date(start - LOOK_BACK).toISOString().replaceAll(/\D/gu, '').slice(0, 14);
  try {
    const { objects, cut } = await listPage(client, { bucket, prefix, after }, signal);
    const suspects = suspectRevisions(objects, { deadline, cut }).slice(0, MOST_REVISIONS);
    const dead: string[] = [];
    for (const suspect of suspects) dead.push(...(await deadFiles(client, bucket, suspect, signal)));
    await removeObjects(client, bucket, dead, signal);
    await abortUploads(client, { bucket, prefix, deadline }, signal);
  } catch (error) {
    if (!(error instanceof StageFailure)) throw error;
  }
}

/** None when the manifest cannot be read for another reason than that there is none. */
async function deadFiles(
  client: S3Client,
  bucket: string,
  suspect: SuspectRevision,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const manifest = await readManifest(client, `s3://${bucket}/${suspect.folder}/manifest.json`, signal);
    const { deletes } = manifest.reefline;
    const named = [...manifest.entries, ...(deletes?.entries ?? [])].map(({ url }) => url);
    const uris = deletes === undefined ? named : [...named, deletes.uri];
    return leftovers(suspect, new Set(uris.map((uri) => parseS3Uri(uri).key)));
  } catch (error) {
    if (!(error instanceof StageFailure)) throw error;
    return error.failureClass === 'not_found' ? leftovers(suspect, new Set()) : [];
  }
}
