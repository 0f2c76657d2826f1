import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import type { RunInput, StageRun, StageTools } from '../../activities/stages/runner.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import type { Column } from '../../pipeline/column.ts';
import type { ManifestEntry, StagedDeletes } from '../../pipeline/manifest.ts';
import type { Connection } from '../../pipeline/connection.ts';
import type { StageDefinition, StageWork } from '../../pipeline/stage.ts';
import { intervalOf, parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';
import { freshBucket, freshWarehouse } from './local-cloud.ts';

/** A Redshift database of a suite's own, and a bucket to load it from. */
export interface TestWarehouse {
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bucket: string;
  /** Asks the database behind the stand-in directly, so that a check does not go through what it checks. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openTestWarehouse(label: string): Promise<TestWarehouse> {
  const database = await freshWarehouse(label);
  const bucket = await freshBucket(label.replaceAll('_', '-'));
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    bucket,
    connections: {
      lake: { kind: 's3', bucket },
      warehouse: { kind: 'redshift', database: database.name, workgroup: 'test' },
      serving: { kind: 'postgres', url: database.url },
    },
    async query(sql) {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    },
    async close() {
      await client.end();
      await database.drop();
    },
  };
}

/** What to stage: the rows of a DuckDB SELECT, or undefined for an empty batch. */
export interface Batch {
  readonly timelabel: string;
  readonly revision: number;
  readonly columns: readonly Column[];
  readonly select: string | undefined;
  readonly format?: 'parquet' | 'csv';
  /** Keys that are deleted at the source: columns of the key, and a SELECT of them. */
  readonly deletes?: { readonly columns: readonly Column[]; readonly select: string };
}

/** Writes a Parquet file and its manifest, and answers the manifest's URI. */
export async function stage(bucket: string, dataset: string, batch: Batch): Promise<string> {
  const folder = `${dataset}/${batch.timelabel}/r${String(batch.revision)}`;
  const uri = `s3://${bucket}/${folder}/manifest.json`;
  const format = batch.format ?? 'parquet';
  const client = createS3Client();
  try {
    const files =
      batch.select === undefined
        ? []
        : [await upload(bucket, `${folder}/part-0.${format}`, batch.select, format)];
    const deletes = await stageDeletes(bucket, folder, batch.deletes);
    await writeManifest(client, uri, {
      entries: files.map(entryOf),
      reefline: {
        version: 1,
        dataset,
        timelabel: batch.timelabel,
        revision: batch.revision,
        format,
        columns: batch.columns,
        rows: files.reduce((sum, { rows }) => sum + rows, 0),
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        ...(deletes === undefined ? {} : { deletes }),
      },
    });
    return uri;
  } finally {
    client.destroy();
  }
}

async function stageDeletes(
  bucket: string,
  folder: string,
  deletes: Batch['deletes'],
): Promise<StagedDeletes | undefined> {
  if (deletes === undefined) return undefined;
  const file = await upload(bucket, `${folder}/deletes-0.parquet`, deletes.select, 'parquet');
  const entries = [entryOf(file)];
  const uri = `s3://${bucket}/${folder}/deletes.json`;
  const client = createS3Client();
  try {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `${folder}/deletes.json`,
        Body: JSON.stringify({ entries }),
      }),
    );
  } finally {
    client.destroy();
  }
  return { uri, columns: deletes.columns, entries, rows: file.rows };
}

function entryOf(file: {
  readonly url: string;
  readonly bytes: number;
  readonly rows: number;
}): ManifestEntry {
  return { url: file.url, mandatory: true, meta: { content_length: file.bytes, rows: file.rows } };
}

async function upload(
  bucket: string,
  key: string,
  select: string,
  format: 'parquet' | 'csv',
): Promise<{ url: string; bytes: number; rows: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-stage-'));
  const path = join(dir, 'part');
  const options = format === 'csv' ? 'FORMAT csv, HEADER false' : 'FORMAT parquet, COMPRESSION zstd';
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duckdb = await instance.connect();
  const client = createS3Client();
  try {
    await duckdb.run("SET TimeZone = 'UTC'");
    await duckdb.run(`COPY (${select}) TO '${path}' (${options})`);
    const counted = await duckdb.runAndReadAll(`SELECT count(*)::INTEGER FROM (${select})`);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(path) }));
    return {
      url: `s3://${bucket}/${key}`,
      bytes: (await stat(path)).size,
      rows: Number(counted.getRowsJS()[0]?.[0]),
    };
  } finally {
    client.destroy();
    duckdb.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
}

/** What a test says about a run; the rest follows. */
export interface RunOptions<Work extends StageWork> {
  readonly work: Work;
  readonly output: string;
  readonly timelabel: string;
  readonly revision?: number;
  readonly attempt?: number;
  readonly uri?: string | null;
}

export function runOf<Work extends StageWork>(options: RunOptions<Work>): StageRun<Work> {
  const timelabel = labelOf(options.timelabel);
  const from = 'from' in options.work ? options.work.from : 'lake.shop.orders';
  const input: RunInput = { dataset: from, timelabel, revision: 1, uri: options.uri ?? null };
  const stage: StageDefinition & { readonly work: Work } = {
    id: 'test.stage',
    pipeline: 'test',
    name: 'stage',
    output: options.output,
    period: '1h',
    inputs: [{ dataset: from, period: '1h', window: 'same', on: ['SUCCESS'] }],
    work: options.work,
    timeoutSeconds: 60,
    maxAttempts: 1,
  };
  return {
    stage,
    timelabel,
    interval: intervalOf('1h', timelabel),
    revision: options.revision ?? 1,
    attempt: options.attempt ?? 1,
    inputs: [input],
    knownColumns: null,
  };
}

/** Tools that remember every heartbeat. */
export function toolsOf(
  warehouse: Pick<TestWarehouse, 'connections'>,
  options: { lastHeartbeat?: unknown; signal?: AbortSignal } = {},
): StageTools & { readonly heartbeats: unknown[] } {
  const heartbeats: unknown[] = [];
  return {
    heartbeats,
    connection(name) {
      const found = warehouse.connections[name];
      if (found === undefined) throw new Error(`The test has no connection ${name}.`);
      return found;
    },
    heartbeat: (details) => heartbeats.push(JSON.parse(JSON.stringify(details ?? null))),
    lastHeartbeat: options.lastHeartbeat,
    signal: options.signal ?? new AbortController().signal,
  };
}

export function labelOf(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label === undefined) throw new Error(`${text} is no timelabel.`);
  return label;
}
