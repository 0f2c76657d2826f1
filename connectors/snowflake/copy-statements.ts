import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, StagedDeletes, StagedManifest } from '../../pipeline/manifest.ts';
import { csvCompression } from '../../pipeline/staged-format.ts';
import { snowflakeType } from './column-types.ts';
import { literal, quoted, quotedTable, storedName, type TableName, writtenName } from './names.ts';

/** Most files that one COPY names (docs.snowflake.com, "COPY INTO <table>", FILES). */
const MOST_FILES = 1_000;

/**
 * Statements that read exactly the files of staged batches of one format into a temporary table of all their columns. It is a
 * new table each time, so nothing that Snowflake remembers of loaded files keeps one out; whether a batch counts is for the
 * marker alone to say. COPY finds the columns of Parquet files by name and those of CSV files by place, so CSV of other
 * columns comes through a table of exactly theirs.
 * Throws StageFailure `invalid_config` when the connection names no storage integration.
 */
export function copyStatements(
  staging: TableName,
  columns: readonly Column[],
  batches: readonly StagedManifest[],
  storageIntegration: string | undefined,
): readonly string[] {
  const statements = [createStaging(staging, columns)];
  const filled = batches.filter(({ manifest }) => manifest.entries.length > 0);
  for (const [shape, alike] of Map.groupBy(filled, shapeOf)) {
    const copied = (table: TableName): readonly string[] =>
      alike.flatMap(({ manifest }) => copiesOf(table, filesOf(manifest), storageIntegration));
    const [first] = alike;
    if (shape === undefined || first === undefined || shape === namesOf(columns)) {
      statements.push(...copied(staging));
      continue;
    }
    // Batches of one shape may differ in their types, and those of all batches together hold the values of each.
    const wide = new Map(columns.map((column) => [column.name, column]));
    const own = first.manifest.reefline.columns.map((column) => wide.get(column.name) ?? column);
    const table = { ...staging, table: `${staging.table}_${String(statements.length)}` };
    const names = own.map(({ name }) => quoted(storedName(name))).join(', ');
    statements.push(
      createStaging(table, own),
      ...copied(table),
      `INSERT INTO ${quotedTable(staging)} (${names}) SELECT ${names} FROM ${quotedTable(table)}`,
    );
  }
  return statements;
}

/** The columns that the files of a batch must be copied into; undefined for those that tell their names. */
function shapeOf({ manifest: { reefline } }: StagedManifest): string | undefined {
  return reefline.format === 'csv' ? namesOf(reefline.columns) : undefined;
}

function namesOf(columns: readonly Column[]): string {
  return JSON.stringify(columns.map(({ name }) => name));
}

/** What fills a temporary table of a given name with the keys of deleted rows. */
export function fillDeletes(
  { columns, entries }: StagedDeletes,
  storageIntegration: string | undefined,
): (table: TableName) => readonly string[] {
  const files = entries.map(({ url }) => ({ url, format: PARQUET }));
  return (table) => [createStaging(table, columns), ...copiesOf(table, files, storageIntegration)];
}

function createStaging(staging: TableName, columns: readonly Column[]): string {
  const definitions = columns.map(({ name, type }) => `${quoted(storedName(name))} ${snowflakeType(type)}`);
  return `CREATE OR REPLACE TEMPORARY TABLE ${quotedTable(staging)} (${definitions.join(', ')})`;
}

/** A file and the options with which COPY reads it. */
interface CopiedFile {
  readonly url: string;
  readonly format: string;
}

const PARQUET =
  'FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE';

function filesOf({ entries, reefline }: Manifest): readonly CopiedFile[] {
  const { format, compression } = reefline;
  return entries.map(({ url }) => ({
    url,
    format: format === 'parquet' ? PARQUET : csvFormat(csvCompression(compression, url)),
  }));
}

/**
 * How extracts write CSV (docs/staged-files.md), whatever the defaults are: an escape character would eat backslashes, and an empty
 * field would be NULL (docs.snowflake.com, "COPY INTO <table>", formatTypeOptions). AUTO takes ISO times with and without a
 * fraction and an offset, which no single format does.
 */
function csvFormat(compression: 'zstd' | 'gzip' | undefined): string {
  return (
    `FILE_FORMAT = (TYPE = CSV COMPRESSION = ${compression?.toUpperCase() ?? 'NONE'} FIELD_DELIMITER = ',' RECORD_DELIMITER = '\\n' ` +
    `FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = (${literal('\\N')}) EMPTY_FIELD_AS_NULL = FALSE ` +
    'TRIM_SPACE = FALSE SKIP_HEADER = 0 SKIP_BLANK_LINES = FALSE ERROR_ON_COLUMN_COUNT_MISMATCH = TRUE REPLACE_INVALID_CHARACTERS = FALSE ' +
    'ENCODING = UTF8 BINARY_FORMAT = HEX DATE_FORMAT = AUTO TIMESTAMP_FORMAT = AUTO)'
  );
}

function copiesOf(
  table: TableName,
  files: readonly CopiedFile[],
  storageIntegration: string | undefined,
): readonly string[] {
  return [...Map.groupBy(files, ({ format }) => format)].flatMap(([format, alike]) =>
    [...byBucket(alike)].flatMap(([bucket, keys]) =>
      inParts(keys).map((part) => copyStatement(table, bucket, part, format, storageIntegration)),
    ),
  );
}

function copyStatement(
  staging: TableName,
  bucket: string,
  keys: readonly string[],
  format: string,
  storageIntegration: string | undefined,
): string {
  if (storageIntegration === undefined)
    throw new StageFailure(
      'invalid_config',
      'The Snowflake connection names no storageIntegration, without which COPY cannot read the staged files. Add it in reefline.yaml.',
    );
  return (
    `COPY INTO ${quotedTable(staging)} FROM ${literal(`s3://${bucket}/`)} STORAGE_INTEGRATION = ${writtenName(storageIntegration)} ` +
    `FILES = (${keys.map(literal).join(', ')}) ${format} ON_ERROR = ABORT_STATEMENT FORCE = TRUE`
  );
}

function byBucket(files: readonly CopiedFile[]): ReadonlyMap<string, readonly string[]> {
  const buckets = new Map<string, string[]>();
  for (const { url } of files) {
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
