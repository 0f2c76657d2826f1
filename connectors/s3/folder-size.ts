import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { toS3Failure } from './failures.ts';
import { parseS3Uri } from './location.ts';

/** Bytes of the objects below a folder, `s3://…/`. */
export async function folderSize(client: S3Client, folder: string, signal: AbortSignal): Promise<number> {
  const { bucket, key } = parseS3Uri(folder);
  let bytes = 0;
  let token: string | undefined;
  do {
    const next = token === undefined ? {} : { ContinuationToken: token };
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, ...next });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw toS3Failure(error, `list ${folder}`);
    });
    bytes += (page.Contents ?? []).reduce((sum, { Size }) => sum + (Size ?? 0), 0);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return bytes;
}
