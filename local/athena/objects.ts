import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { QueryError } from './fault.ts';

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

/** What queries read from and write to the S3 stand-in. */
export class Objects {
  readonly #s3: S3Client;
  readonly #cache: string;
  #parts = 0;

  constructor(endpoint: string, dir: string) {
    this.#cache = join(dir, 'objects');
    this.#s3 = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }

  /** The folder with the files that queries read. */
  get dir(): string {
    return this.#cache;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#cache, { recursive: true });
  }

  stop(): void {
    this.#s3.destroy();
  }

  async hasBucket(location: string): Promise<boolean> {
    try {
      await this.#s3.send(new HeadBucketCommand({ Bucket: parseLocation(location).bucket }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
      throw error;
    }
  }

  /** The objects below a folder. Hidden ones, whose name starts with a dot or an underscore, are no data. */
  async list(location: string, signal: AbortSignal): Promise<StoredObject[]> {
    const { bucket, key: prefix } = parseLocation(location);
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { ContinuationToken: token };
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...next });
      const page = await this.#s3.send(command, { abortSignal: signal }).catch((error: unknown) => {
        if (!(error instanceof S3ServiceException)) throw error;
        throw new QueryError(`HIVE_FILESYSTEM_ERROR: ${location}: ${error.message} (${error.name})`);
      });
      for (const { Key: key = '', ETag: etag = '', Size: bytes = 0 } of page.Contents ?? []) {
        if (!key.endsWith('/') && !/(?:^|\/)[._][^/]*$/.test(key)) found.push({ bucket, key, etag, bytes });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  }

  /** The path of a local copy, made once per version of the object. */
  async download({ bucket, key, etag }: StoredObject, signal: AbortSignal): Promise<string> {
    const name = createHash('sha256')
      .update(JSON.stringify([bucket, key, etag]))
      .digest('hex');
    const path = join(this.#cache, name);
    if (existsSync(path)) return path;
    const { Body: body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: signal,
    });
    const part = `${path}.part${String(this.#parts++)}`;
    await pipeline(body as Readable, createWriteStream(part), { signal });
    await rename(part, path);
    return path;
  }

  async uploadFile(uri: string, path: string): Promise<void> {
    const { bucket, key } = parseLocation(uri);
    const { size } = await stat(path);
    const body = createReadStream(path);
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: size }));
  }

  async uploadText(uri: string, text: string): Promise<void> {
    const { bucket, key } = parseLocation(uri);
    await this.#s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
  }
}

/** Bucket and key of `s3://bucket/key`; the key may be empty. */
function parseLocation(location: string): { readonly bucket: string; readonly key: string } {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/su.exec(location);
  if (match?.[1] === undefined)
    throw new QueryError(`INVALID_TABLE_PROPERTY: ${location} is not a valid S3 path`);
  return { bucket: match[1], key: match[2] ?? '' };
}
