import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CreateDatabaseCommand,
  DeleteDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  type Partition,
} from '@aws-sdk/client-glue';
import type { GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerStage } from '../../activities/stages/register.ts';
import type { RunInput, StageRun, StageTools } from '../../activities/stages/runner.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { startGlue, type RunningGlue } from '../../local/glue/server.ts';
import type { Column } from '../../pipeline/column.ts';
import type { Connection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import type { RegisterWork } from '../../pipeline/stage.ts';
import { intervalOf, parseTimelabel, shiftLabel, type Timelabel } from '../../pipeline/timelabel.ts';

const LABEL = parseTimelabel('20010105080000') as Timelabel;
const COLUMNS: readonly Column[] = [
  { name: 'id', type: { kind: 'int64' }, nullable: false },
  { name: 'delay', type: { kind: 'decimal', precision: 6, scale: 1 }, nullable: true },
];
const CONNECTIONS: Readonly<Record<string, Connection>> = {
  lake: { kind: 's3', bucket: 'lake', region: 'us-east-1' },
  catalog: { kind: 'glue', databasePrefix: 'Reefline_', region: 'us-east-1' },
};
const DATABASE = 'reefline_air';

const objects = buildApp({ logger: false });
let dir: string;
let glue: RunningGlue;
let catalog: GlueClient;
let s3: S3Client;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glue-register-'));
  glue = await startGlue({ dir, host: '127.0.0.1', port: 0 });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_GLUE: glue.url,
    AWS_ENDPOINT_URL_S3: await objects.listen({ port: 0, host: '127.0.0.1' }),
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  catalog = createGlueClient({ region: 'us-east-1' });
  s3 = createS3Client({ region: 'us-east-1' });
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
});

afterAll(async () => {
  catalog.destroy();
  s3.destroy();
  await glue.stop();
  await objects.close();
  await rm(dir, { recursive: true });
});

beforeEach(async () => {
  await catalog.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } })).catch(() => null);
  await catalog.send(new DeleteDatabaseCommand({ Name: DATABASE }));
});

function tools(connections = CONNECTIONS): StageTools & { readonly beats: unknown[] } {
  const beats: unknown[] = [];
  return {
    beats,
    connection(name) {
      const connection = connections[name];
      if (connection === undefined) throw new StageFailure('invalid_config', name);
      return connection;
    },
    heartbeat: (details) => beats.push(details),
    lastHeartbeat: undefined,
    signal: new AbortController().signal,
  };
}

function runOf(...inputs: RunInput[]): StageRun<RegisterWork> {
  return {
    stage: {
      id: 'flights.register_flights',
      pipeline: 'flights',
      name: 'register_flights',
      output: 'catalog.air.Flights',
      period: '1h',
      inputs: [{ dataset: 'lake.air.flights', period: '1h', window: 'same', on: ['SUCCESS'] }],
      work: { kind: 'register', from: 'lake.air.flights' },
      timeoutSeconds: 60,
      maxAttempts: 3,
    },
    timelabel: LABEL,
    interval: intervalOf('1h', LABEL),
    revision: 1,
    attempt: 1,
    inputs,
    knownColumns: null,
  };
}

/** Puts a manifest of so many files of ten rows under the revision's folder and returns the input that names it. */
async function stage(
  revision: number,
  files: number,
  change: Partial<Manifest['reefline']> = {},
  timelabel = LABEL,
): Promise<RunInput> {
  const folder = `air/flights/${timelabel}/r${String(revision)}`;
  const manifest: Manifest = {
    entries: Array.from({ length: files }, (_, at) => ({
      url: `s3://lake/${folder}/a1/part-${String(at)}.parquet`,
      mandatory: true,
      meta: { content_length: 100, rows: 10 },
    })),
    reefline: {
      version: 1,
      dataset: 'lake.air.flights',
      timelabel,
      revision,
      format: 'parquet',
      columns: COLUMNS,
      rows: files * 10,
      bytes: files * 100,
      ...change,
    },
  };
  const Key = `${folder}/manifest.json`;
  await s3.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: JSON.stringify(manifest) }));
  return { dataset: 'lake.air.flights', timelabel, revision, uri: `s3://lake/${Key}` };
}

async function partitions(): Promise<Partition[]> {
  const answer = await catalog.send(
    new GetPartitionsCommand({ DatabaseName: DATABASE, TableName: 'flights' }),
  );
  return answer.Partitions ?? [];
}

describe('a register stage', () => {
  test('makes database, table and partition, and reports what the manifest says and the columns of the table', async () => {
    const input = await stage(1, 2);
    const used = tools();
    expect(await registerStage(runOf(input), used)).toEqual({
      rows: 20,
      bytes: 200,
      uri: input.uri,
      columns: COLUMNS.map((column) => ({ ...column, nullable: true })),
    });
    expect(used.beats).not.toEqual([]);
    const { Table } = await catalog.send(new GetTableCommand({ DatabaseName: DATABASE, Name: 'flights' }));
    expect(Table?.StorageDescriptor).toMatchObject({
      Location: 's3://lake/air/flights/',
      Columns: [
        { Name: 'id', Type: 'bigint' },
        { Name: 'delay', Type: 'decimal(6,1)' },
      ],
    });
    expect(await partitions()).toMatchObject([
      { Values: [LABEL], StorageDescriptor: { Location: `s3://lake/air/flights/${LABEL}/r1/a1/` } },
    ]);
  });

  test('registers an empty batch on an empty folder, so that its label is present', async () => {
    const output = await registerStage(runOf(await stage(1, 0)), tools());
    expect(output).toMatchObject({ rows: 0, bytes: 0 });
    expect(await partitions()).toMatchObject([
      {
        Values: [LABEL],
        Parameters: { numRows: '0' },
        StorageDescriptor: { Location: `s3://lake/air/flights/${LABEL}/r1/empty/` },
      },
    ]);
  });

  test('gives the same result when it is run again', async () => {
    const run = runOf(await stage(1, 1));
    const first = await registerStage(run, tools());
    const registered = await partitions();
    expect(await registerStage({ ...run, attempt: 2 }, tools())).toEqual(first);
    expect(await partitions()).toEqual(registered);
  });

  test('follows a newer revision and ignores an older one that arrives late', async () => {
    const [old, restated] = [await stage(1, 1), await stage(2, 3)];
    await registerStage(runOf(restated), tools());
    await registerStage(runOf(old), tools());
    expect(await partitions()).toMatchObject([
      {
        Parameters: { 'reefline.revision': '2', numRows: '30' },
        StorageDescriptor: { Location: `s3://lake/air/flights/${LABEL}/r2/a1/` },
      },
    ]);
  });

  test('registers each label of a run that takes several under its own partition', async () => {
    const next = shiftLabel('1h', LABEL, 1);
    const inputs = [await stage(1, 2, {}, next), await stage(1, 1)];
    const output = await registerStage(runOf(...inputs), tools());
    expect(output).toMatchObject({ rows: 30, bytes: 300, uri: null });
    expect((await partitions()).map((partition) => partition.Values)).toEqual([[LABEL], [next]]);
  });

  test('refuses a retyped column and leaves the registered label alone', async () => {
    await registerStage(runOf(await stage(1, 1)), tools());
    const columns: Column[] = [{ name: 'id', type: { kind: 'text' }, nullable: false }];
    await expect(registerStage(runOf(await stage(2, 1, { columns })), tools())).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { table: 'reefline_air.flights', column: 'id' },
    });
    expect((await partitions())[0]?.Parameters?.['reefline.revision']).toBe('1');
  });

  test.each([
    ['another dataset', { dataset: 'lake.air.airports' }],
    ['another label', { timelabel: '20010105090000' }],
    ['another format', { format: 'csv' as const }],
  ])('refuses a manifest of %s and registers nothing', async (_, change) => {
    const input = await stage(1, 1, change);
    await expect(registerStage(runOf(input), tools())).rejects.toMatchObject({ failureClass: 'data_error' });
    await expect(partitions()).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  });

  test('names what is missing: the manifest, its address, the input, the right kind of connection', async () => {
    const input = await stage(1, 1);
    const gone = { ...input, uri: 's3://lake/air/flights/none.json' };
    await expect(registerStage(runOf(gone), tools())).rejects.toMatchObject({ failureClass: 'not_found' });
    await expect(registerStage(runOf({ ...input, uri: null }), tools())).rejects.toMatchObject({
      failureClass: 'data_error',
    });
    await expect(registerStage(runOf(), tools())).rejects.toMatchObject({ failureClass: 'invalid_config' });
    const swapped = tools({ ...CONNECTIONS, catalog: { kind: 'postgres', url: 'postgres://none' } });
    await expect(registerStage(runOf(input), swapped)).rejects.toMatchObject({
      failureClass: 'invalid_config',
      message: expect.stringContaining('kind postgres'),
    });
  });
});
