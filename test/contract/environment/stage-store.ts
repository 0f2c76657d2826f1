import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Scraps } from './scraps.ts';

/** A folder in a bucket, of a suite's own, and a client of the test's own to look into it. */
export interface StageStore {
  readonly bucket: string;
  /** Without slashes at its ends. */
  readonly prefix: string;
  readonly client: S3Client;
  /** Keys below the prefix. */
  keys(): Promise<string[]>;
}

/** Everything lies below a prefix of REEFLINE_CONTRACT_BUCKET, or in a new bucket where that is not set. */
export async function openStageStore(scraps: Scraps): Promise<StageStore> {
  const client = new S3Client({ forcePathStyle: true });
  const given = process.env['REEFLINE_CONTRACT_BUCKET'];
  const bucket = given ?? scraps.prefix.replaceAll('_', '-');
  scraps.remove('the S3 client', async () => client.destroy());
  if (given === undefined) {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    scraps.remove(`bucket ${bucket}`, () => client.send(new DeleteBucketCommand({ Bucket: bucket })));
  }
  const store: StageStore = {
    bucket,
    prefix: scraps.prefix,
    client,
    keys: () => keysBelow(client, bucket, `${scraps.prefix}/`),
  };
  scraps.remove(`objects below s3://${bucket}/${scraps.prefix}`, () => empty(store));
  return store;
}

async function keysBelow(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const next = token === undefined ? {} : { ContinuationToken: token };
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...next }));
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

async function empty({ client, bucket, prefix, keys }: StageStore): Promise<void> {
  const uploads = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${prefix}/` }),
  );
  for (const { Key, UploadId } of uploads.Uploads ?? []) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
  const all = await keys();
  for (let from = 0; from < all.length; from += 1_000) {
    const Objects = all.slice(from, from + 1_000).map((Key) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
  }
}
