import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ListedObject } from '../../pipeline/staged-leftovers.ts';
import { toS3Failure } from './failures.ts';

/** One page of a listing: at most 1,000 objects, sorted by key. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** True when there are more behind it. */
  readonly cut: boolean;
}

/** The first objects below a prefix whose keys sort behind `after`. @throws StageFailure */
export async function listPage(
  client: S3Client,
  { bucket, prefix, after }: { readonly bucket: string; readonly prefix: string; readonly after: string },
  signal: AbortSignal,
): Promise<ObjectPage> {
  const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: after });
  const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw toS3Failure(error, `list s3://${bucket}/${prefix}`);
  });
  const objects = (page.Contents ?? []).flatMap(({ Key, LastModified }) =>
    Key === undefined || LastModified === undefined ? [] : [{ key: Key, modified: LastModified.getTime() }],
  );
  return { objects, cut: page.IsTruncated === true };
}

/** Removes at most 1,000 objects; one that is gone already is none of the faults. @throws StageFailure */
export async function removeObjects(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: true },
  });
  await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw toS3Failure(error, `remove objects from s3://${bucket}`);
  });
}

/** Discards the parts of uploads below a prefix that began before `deadline`, in milliseconds. @throws StageFailure */
export async function abortUploads(
  client: S3Client,
  {
    bucket,
    prefix,
    deadline,
  }: { readonly bucket: string; readonly prefix: string; readonly deadline: number },
  signal: AbortSignal,
): Promise<void> {
  try {
    const listed = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }), {
      abortSignal: signal,
    });
    for (const { Key: key, UploadId: id, Initiated: begun } of listed.Uploads ?? []) {
      if (begun === undefined || begun.getTime() >= deadline) continue;
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }), {
        abortSignal: signal,
      });
    }
  } catch (error) {
    throw toS3Failure(error, `end old uploads below s3://${bucket}/${prefix}`);
  }
}
