import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Client, type QueryResult } from 'pg';
import { extractStage } from '../../activities/stages/extract.ts';
import type { StageOutput, StageRun, StageTools } from '../../activities/stages/runner.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import type { Column } from '../../pipeline/column.ts';
import type { Connection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import { intervalOf, parseTimelabel } from '../../pipeline/timelabel.ts';
import type { CellValue } from './copy-rows.ts';
import { freshBucket, freshDatabase, type FreshDatabase } from './local-cloud.ts';
import { readWithDuckDb } from './parquet-readers.ts';

export interface ExtractCase {
  readonly table: string;
  readonly cursor?: string;
  readonly timelabel?: string;
  readonly attempt?: number;
  readonly timeoutSeconds?: number;
  readonly work?: Partial<ExtractWork>;
  readonly knownColumns?: readonly Column[];
}

/** The run of an hourly extract of `shop.public.<table>` into `lake.shop.<table>`. */
export function extractRun({
  table,
  cursor,
  timelabel,
  attempt = 1,
  ...more
}: ExtractCase): StageRun<ExtractWork> {
  const label = parseTimelabel(timelabel ?? '20010105080000');
  if (label === undefined) throw new Error('The case has an impossible label.');
  const work: ExtractWork = {
    kind: 'extract',
    from: `shop.public.${table}`,
    mode: cursor === undefined ? 'snapshot' : 'incremental_append',
    ...(cursor === undefined ? {} : { cursor }),
    format: 'parquet',
    ...more.work,
  };
  const stage = {
    id: 'sales.fetch',
    pipeline: 'sales',
    name: 'fetch',
    output: `lake.shop.${table}`,
    period: '1h' as const,
  };
  return {
    stage: { ...stage, inputs: [], work, timeoutSeconds: more.timeoutSeconds ?? 600, maxAttempts: 3 },
    timelabel: label,
    interval: intervalOf('1h', label),
    revision: 1,
    attempt,
    inputs: [],
    knownColumns: more.knownColumns ?? null,
  };
}

/** Tools with the connections `shop` (PostgreSQL or MySQL, as the url says) and `lake` (S3, under the prefix `stage`). */
export function extractTools(
  url: string,
  bucket: string,
  options: {
    readonly signal?: AbortSignal;
    readonly heartbeat?: (details: unknown) => void;
    readonly silenceSeconds?: number;
  } = {},
): StageTools {
  const { silenceSeconds } = options;
  const patience = silenceSeconds === undefined ? {} : { silenceSeconds };
  const connections: Readonly<Record<string, Connection>> = {
    shop: { kind: url.startsWith('mysql:') ? 'mysql' : 'postgres', url, ...patience },
    lake: { kind: 's3', bucket, prefix: 'stage' },
  };
  return {
    connection(name) {
      const connection = connections[name];
      if (connection === undefined) throw new Error(`no connection ${name}`);
      return connection;
    },
    heartbeat: options.heartbeat ?? (() => undefined),
    lastHeartbeat: undefined,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** The manifest at the address and the files that it names. */
export async function readStaged(
  client: S3Client,
  uri: string | null,
): Promise<{ manifest: Manifest; files: Uint8Array[] }> {
  const manifest = await readManifest(client, uri ?? '');
  const files = await Promise.all(manifest.entries.map(({ url }) => objectAt(client, url)));
  return { manifest, files };
}

/** The object at an address such as `s3://bucket/key`. */
export async function objectAt(client: S3Client, url: string): Promise<Uint8Array> {
  const { pathname, host } = new URL(url);
  const found = await client.send(
    new GetObjectCommand({ Bucket: host, Key: decodeURIComponent(pathname.slice(1)) }),
  );
  return (await found.Body?.transformToByteArray()) ?? new Uint8Array();
}

/** A database to extract from and a bucket to extract into, of a suite's own. */
export interface ExtractSource {
  readonly database: FreshDatabase;
  readonly bucket: string;
  readonly s3: S3Client;
  /** Of the PostgreSQL server: 18. */
  readonly majorVersion: number;
  query(sql: string): Promise<QueryResult<Record<string, string | number | null>>>;
  extract(given: ExtractCase, options?: Parameters<typeof extractTools>[2]): Promise<StageOutput>;
  /** What the extract threw; fails when it succeeds. */
  failureOf(given: ExtractCase, url?: string): Promise<StageFailure>;
  /** The rows of the files of a finished extract, read by DuckDB. */
  rowsOf(output: StageOutput): Promise<readonly (readonly CellValue[])[]>;
  close(): Promise<void>;
}

/** Creates the database and the bucket. */
export async function openExtractSource(label: string): Promise<ExtractSource> {
  const database = await freshDatabase(label);
  const bucket = await freshBucket(label);
  const s3 = createS3Client();
  const source = new Client({ connectionString: database.url });
  await source.connect();
  const { rows } = await source.query<{ server_version: string }>('show server_version');
  const extract = (given: ExtractCase, options?: Parameters<typeof extractTools>[2]): Promise<StageOutput> =>
    extractStage(extractRun(given), extractTools(database.url, bucket, options));
  return {
    database,
    bucket,
    s3,
    majorVersion: Number.parseInt(rows[0]?.server_version ?? '', 10),
    query: (sql: string) => source.query<Record<string, string | number | null>>(sql),
    extract,
    async failureOf(given: ExtractCase, url = database.url): Promise<StageFailure> {
      const outcome = await extractStage(extractRun(given), extractTools(url, bucket)).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof StageFailure) return outcome;
      throw new Error(`expected a StageFailure, got ${String(outcome)}`);
    },
    async rowsOf({ uri }: StageOutput): Promise<readonly (readonly CellValue[])[]> {
      const { manifest, files } = await readStaged(s3, uri);
      return (await readWithDuckDb(files, manifest.reefline.columns)).rows;
    },
    async close(): Promise<void> {
      s3.destroy();
      await source.end();
      await database.drop();
    },
  };
}
