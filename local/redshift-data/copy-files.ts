import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type CopyCommand, parseUrl } from './copy-command.ts';
import { StatementError } from './sql-error.ts';

export interface CopyFile {
  readonly bucket: string;
  readonly key: string;
  readonly url: string;
}

interface ManifestEntry {
  readonly url?: unknown;
  readonly mandatory?: unknown;
  readonly meta?: { readonly content_length?: unknown };
}

const MANIFEST_LIMIT_BYTES = 64 * 1024 * 1024;

/** The objects that COPY reads, from the S3 stand-in. */
export class CopyFiles {
  readonly #s3: S3Client;

  constructor(endpoint: string) {
    this.#s3 = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }

  stop(): void {
    this.#s3.destroy();
  }

  /** @throws StatementError when the prefix, the manifest or a mandatory object of it is not there. */
  async resolve(command: CopyCommand, signal: AbortSignal): Promise<CopyFile[]> {
    return command.manifest ? this.#fromManifest(command, signal) : this.#fromPrefix(command.from, signal);
  }

  async #fromPrefix(from: CopyFile, signal: AbortSignal): Promise<CopyFile[]> {
    const files: CopyFile[] = [];
    let token: string | undefined;
    do {
      const page = await named(from.url, () =>
        this.#s3.send(
          new ListObjectsV2Command({
            Bucket: from.bucket,
            Prefix: from.key,
            ...(token && { ContinuationToken: token }),
          }),
          { abortSignal: signal },
        ),
      );
      for (const { Key: key } of page.Contents ?? []) {
        if (key !== undefined && !key.endsWith('/'))
          files.push({ bucket: from.bucket, key, url: `s3://${from.bucket}/${key}` });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    if (files.length === 0) throw new StatementError(`The specified S3 prefix '${from.key}' does not exist`);
    return files;
  }

  async #fromManifest(command: CopyCommand, signal: AbortSignal): Promise<CopyFile[]> {
    const { url } = command.from;
    const entries = readManifest(url, await this.#text(command.from, signal));
    const files: CopyFile[] = [];
    for (const entry of entries) {
      if (typeof entry.url !== 'string')
        throw new StatementError(`Invalid manifest file ${url}: an entry has no url`);
      const file = parseUrl(entry.url);
      const size = await this.#size(file, signal);
      if (size === undefined) {
        if (entry.mandatory === true)
          throw new StatementError(missing(file.url, `mandatory in manifest ${url}`));
        continue;
      }
      if (command.format === 'parquet') checkLength(url, entry, size);
      files.push(file);
    }
    return files;
  }

  async #size(file: CopyFile, signal: AbortSignal): Promise<number | undefined> {
    try {
      const head = await this.#s3.send(new HeadObjectCommand({ Bucket: file.bucket, Key: file.key }), {
        abortSignal: signal,
      });
      return head.ContentLength ?? 0;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
      throw error;
    }
  }

  async #text(file: CopyFile, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of await this.open(file, signal)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > MANIFEST_LIMIT_BYTES) throw new StatementError(`Manifest file ${file.url} is too large`);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** @throws StatementError when the object is not there. */
  async open(file: CopyFile, signal: AbortSignal): Promise<Readable> {
    const { Body: body } = await named(file.url, () =>
      this.#s3.send(new GetObjectCommand({ Bucket: file.bucket, Key: file.key }), { abortSignal: signal }),
    );
    if (body === undefined) throw new StatementError(missing(file.url, 'no content'));
    return body as Readable;
  }

  async download(file: CopyFile, path: string, signal: AbortSignal): Promise<void> {
    await pipeline(await this.open(file, signal), createWriteStream(path), { signal });
  }
}

function readManifest(url: string, text: string): ManifestEntry[] {
  let entries: unknown;
  try {
    entries = (JSON.parse(text) as { entries?: unknown } | null)?.entries;
  } catch {
    throw new StatementError(`Manifest file is not in correct json format: ${url}`);
  }
  if (!Array.isArray(entries))
    throw new StatementError(`Manifest file is not in correct json format: ${url} has no entries`);
  if (entries.length === 0) throw new StatementError(`The manifest file ${url} has no entries`);
  return entries as ManifestEntry[];
}

/** Columnar formats need the length of each file (copy-usage_notes-copy-from-columnar). */
function checkLength(manifest: string, entry: ManifestEntry, size: number): void {
  const length = entry.meta?.content_length;
  const url = String(entry.url);
  if (typeof length !== 'number')
    throw new StatementError(`Missing meta.content_length of ${url} in manifest ${manifest}`);
  if (length !== size) {
    throw new StatementError(
      `Wrong meta.content_length of ${url} in manifest ${manifest}: ${length} given, ${size} found`,
    );
  }
}

function missing(url: string, why: string): string {
  return `The specified S3 file ${url} does not exist (${why})`;
}

async function named<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof S3ServiceException) {
      throw new StatementError(
        `Problem reading ${url} - S3ServiceException:${error.message},Status ${error.$metadata.httpStatusCode ?? 0},Error ${error.name}`,
      );
    }
    throw error;
  }
}
