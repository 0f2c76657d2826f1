import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { localAws } from '../flights/local-aws.ts';
import type { Row } from '../flights/row-differences.ts';
import { text, withDuck } from '../flights/vega-data.ts';

const BUCKET = 'network-lake';

const FLIGHT = `strftime(departure, '%Y-%m-%d %H:%M:%S') as departure, delay::varchar as delay, distance::varchar as distance, origin, destination`;
const AIRPORT = ['iata', 'name', 'city', 'state', 'country', 'latitude', 'longitude'];

/** Files of one label. */
interface Batch {
  readonly timelabel: string;
  readonly keys: readonly string[];
}

/** The staged files as their manifests name them, and those that the partitions in Glue point to, read by DuckDB. */
export async function readLake(
  environment: Readonly<Record<string, string>>,
  scratch: string,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const s3 = new S3Client({ ...localAws(environment, 'S3'), forcePathStyle: true });
  const glue = new GlueClient(localAws(environment, 'GLUE'));
  const folder = await mkdtemp(join(scratch, 'lake-'));
  try {
    return await withDuck(async (duck) => {
      const read = (batches: readonly Batch[], from: FromFiles): Promise<readonly Row[]> =>
        readBatches({ s3, duck, folder }, batches, from);
      const found = new Map<string, readonly Row[]>([
        ['lake.airline.flights', await read(await staged(s3, 'airline/flights'), parquet)],
        ['lake.airline.airports', await read(await staged(s3, 'airline/airports'), csv)],
        ['catalog.airline.flights', await read(await registered(s3, glue), parquet)],
      ]);
      if (environment['ISLANDS_URL'] !== undefined)
        found.set('lake.islands.flights', await read(await staged(s3, 'islands/flights'), parquet));
      return found;
    });
  } finally {
    s3.destroy();
    glue.destroy();
    await rm(folder, { recursive: true });
  }
}

type FromFiles = (files: readonly string[]) => string;

function parquet(files: readonly string[]): string {
  return `select ${FLIGHT} from read_parquet([${files.map(text).join(', ')}])`;
}

/** The form of Reefline's CSV files, as docs/staged-files.md gives it for DuckDB. */
function csv(files: readonly string[]): string {
  const columns = AIRPORT.map((column) => `'${column}': 'varchar'`).join(', ');
  return String.raw`select * from read_csv([${files.map(text).join(', ')}], columns = {${columns}},
    compression = 'gzip', header = false, quote = '"', escape = '"', nullstr = '\N', allow_quoted_nulls = false)`;
}

async function readBatches(
  { s3, duck, folder }: { readonly s3: S3Client; readonly duck: DuckDBConnection; readonly folder: string },
  batches: readonly Batch[],
  from: FromFiles,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { timelabel, keys } of batches) {
    const files: string[] = [];
    for (const key of keys) {
      const file = join(folder, key.replaceAll('/', '_'));
      await writeFile(file, await (await bodyOf(s3, key)).transformToByteArray());
      files.push(file);
    }
    if (files.length === 0) continue;
    const read = await duck.runAndReadAll(from(files));
    for (const row of read.getRowObjectsJson()) rows.push({ ...(row as Row), timelabel });
  }
  return rows;
}

/** What the newest manifest of each label names. */
async function staged(s3: S3Client, table: string): Promise<readonly Batch[]> {
  const newest = new Map<string, { readonly revision: number; readonly key: string }>();
  for (const key of await listed(s3, `stage/${table}/`)) {
    const [, timelabel = '', revision = ''] = /\/(\d{14})\/r(\d+)\/manifest\.json$/.exec(key) ?? [];
    if (timelabel === '' || Number(revision) < (newest.get(timelabel)?.revision ?? 0)) continue;
    newest.set(timelabel, { revision: Number(revision), key });
  }
  return Promise.all(
    [...newest].map(async ([timelabel, { key }]) => {
      const manifest = JSON.parse(await (await bodyOf(s3, key)).transformToString()) as {
        readonly entries: readonly { readonly url: string }[];
      };
      return { timelabel, keys: manifest.entries.map(({ url }) => keyOf(url)) };
    }),
  );
}

/** What lies where the partitions of the Glue table point to. */
async function registered(s3: S3Client, glue: GlueClient): Promise<readonly Batch[]> {
  const { Partitions = [] } = await glue.send(
    new GetPartitionsCommand({ DatabaseName: 'airline', TableName: 'flights' }),
  );
  return Promise.all(
    Partitions.map(async ({ Values, StorageDescriptor }) => {
      const keys = await listed(s3, keyOf(StorageDescriptor?.Location ?? ''));
      return { timelabel: Values?.[0] ?? '', keys: keys.filter((key) => key.endsWith('.parquet')) };
    }),
  );
}

async function listed(s3: S3Client, Prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: BUCKET, Prefix }))
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
  return keys;
}

async function bodyOf(
  s3: S3Client,
  Key: string,
): Promise<{ transformToString(): Promise<string>; transformToByteArray(): Promise<Uint8Array> }> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  if (Body === undefined) throw new Error(`s3://${BUCKET}/${Key} has no body.`);
  return Body;
}

function keyOf(url: string): string {
  return url.replace(`s3://${BUCKET}/`, '');
}
