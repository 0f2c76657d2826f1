import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, ManifestEntry, StagedDeletes, StagedManifest } from '../../pipeline/manifest.ts';
import { snowflakeType } from './column-types.ts';
import { literal, quoted, quotedTable, storedName, type TableName, writtenName } from './names.ts';

/** Most files that one COPY names (docs.snowflake.com, "COPY INTO <table>", FILES). */
const MOST_FILES = 1_000;

/**
 * Statements that read exactly the files of staged batches into a temporary table. It is a new table each time, so nothing
 * that Snowflake remembers of loaded files keeps one out; whether a batch counts is for the marker alone to say.
 * Throws StageFailure `invalid_config` when the connection names no storage integration or a batch is not Parquet.
 */
export function copyStatements(
  staging: TableName,
  columns: readonly Column[],
  batches: readonly StagedManifest[],
  storageIntegration: string | undefined,
): readonly string[] {
  const copies = batches.flatMap(({ uri, manifest }) => {
    refuseFormat(uri, manifest);
    return copiesOf(staging, manifest.entries, storageIntegration);
  });
  return [createStaging(staging, columns), ...copies];
}

/** What fills a temporary table of a given name with the keys of deleted rows. */
export function fillDeletes(
  { columns, entries }: StagedDeletes,
  storageIntegration: string | undefined,
): (table: TableName) => readonly string[] {
  return (table) => [createStaging(table, columns), ...copiesOf(table, entries, storageIntegration)];
}

function createStaging(staging: TableName, columns: readonly Column[]): string {
  const definitions = columns.map(({ name, type }) => `${quoted(storedName(name))} ${snowflakeType(type)}`);
  return `CREATE OR REPLACE TEMPORARY TABLE ${quotedTable(staging)} (${definitions.join(', ')})`;
}

function copiesOf(
  table: TableName,
  entries: readonly ManifestEntry[],
  storageIntegration: string | undefined,
): readonly string[] {
  return [...byBucket(entries)].flatMap(([bucket, keys]) =>
    inParts(keys).map((part) => copyStatement(table, bucket, part, storageIntegration)),
  );
}

function copyStatement(
  staging: TableName,
  bucket: string,
  keys: readonly string[],
  storageIntegration: string | undefined,
): string {
  if (storageIntegration === undefined)
    throw new StageFailure(
      'invalid_config',
      'The Snowflake connection names no storageIntegration, without which COPY cannot read the staged files. Add it in reefline.yaml.',
    );
  return (
    `COPY INTO ${quotedTable(staging)} FROM ${literal(`s3://${bucket}/`)} STORAGE_INTEGRATION = ${writtenName(storageIntegration)} ` +
    `FILES = (${keys.map(literal).join(', ')}) FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) ` +
    'MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT FORCE = TRUE'
  );
}

function refuseFormat(uri: string, { reefline: { format } }: Manifest): void {
  if (format === 'parquet') return;
  throw new StageFailure(
    'invalid_config',
    `The batch of ${uri} is staged as ${format}, but loads into Snowflake read Parquet. Extract it with format: parquet.`,
    { facts: { uri } },
  );
}

function byBucket(entries: readonly ManifestEntry[]): ReadonlyMap<string, readonly string[]> {
  const buckets = new Map<string, string[]>();
  for (const { url } of entries) {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
    if (bucket === undefined || key === undefined)
      throw new StageFailure('data_error', `The manifest names ${url}, which is no object in S3.`);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), key]);
  }
  return buckets;
}

function inParts(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / MOST_FILES);
  return Array.from({ length: count }, (_, at) => keys.slice(at * MOST_FILES, (at + 1) * MOST_FILES));
}
