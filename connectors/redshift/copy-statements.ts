import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, StagedDeletes, StagedManifest } from '../../pipeline/manifest.ts';
import { csvCompression } from '../../pipeline/staged-format.ts';
import { stagingType } from './column-types.ts';
import { literal, quoted } from './names.ts';

/**
 * Statements that read staged batches of one format into a temporary table of all their columns. COPY takes the columns of a
 * Parquet file by position, so batches of other columns, or of other types, come through a table of exactly theirs. A batch
 * without files runs no COPY, which refuses an empty manifest.
 */
export function copyStatements(
  staging: string,
  columns: readonly Column[],
  batches: readonly StagedManifest[],
  role: string | undefined,
): readonly string[] {
  const format = batches[0]?.manifest.reefline.format ?? 'parquet';
  const filled = batches.filter(({ manifest }) => manifest.entries.length > 0);
  const shapes = Map.groupBy(filled, ({ manifest }) => shapeOf(manifest.reefline.columns));
  const statements = [createStaging(staging, columns, format)];
  for (const [shape, alike] of shapes) {
    const copied = (table: string): readonly string[] =>
      alike.map(({ uri, manifest }) => copyStatement(table, manifest, uri, role));
    if (shape === shapeOf(columns)) {
      statements.push(...copied(staging));
      continue;
    }
    const own = alike[0]?.manifest.reefline.columns ?? [];
    const table = `${staging}_${String(statements.length)}`;
    const names = own.map(({ name }) => quoted(name)).join(', ');
    statements.push(
      createStaging(table, own, format),
      ...copied(table),
      `INSERT INTO ${quoted(staging)} (${names}) SELECT ${names} FROM ${quoted(table)}`,
      `DROP TABLE ${quoted(table)}`,
    );
  }
  return statements;
}

function shapeOf(columns: readonly Column[]): string {
  return JSON.stringify(columns.map(({ name, type }) => [name, describeType(type)]));
}

/** What fills a temporary table of a given name with the keys of deleted rows. */
export function fillDeletes(
  { uri, columns }: StagedDeletes,
  role: string | undefined,
): (table: string) => readonly string[] {
  return (table) => [
    createStaging(table, columns, 'parquet'),
    `${copyFrom(table, uri, role)} FORMAT AS PARQUET MANIFEST`,
  ];
}

function createStaging(table: string, columns: readonly Column[], format: 'parquet' | 'csv'): string {
  const definitions = columns.map(({ name, type }) => `${quoted(name)} ${stagingType(type, format)}`);
  return `CREATE TEMP TABLE ${quoted(table)} (${definitions.join(', ')})`;
}

function copyStatement(staging: string, manifest: Manifest, uri: string, role: string | undefined): string {
  const source = copyFrom(staging, uri, role);
  return manifest.reefline.format === 'parquet'
    ? `${source} FORMAT AS PARQUET MANIFEST`
    : `${source} ${csvOptions(manifest, uri)}`;
}

function copyFrom(table: string, uri: string, role: string | undefined): string {
  return `COPY ${quoted(table)} FROM ${literal(uri)} IAM_ROLE ${roleClause(role)}`;
}

function roleClause(role: string | undefined): string {
  return role === undefined || role === 'default' ? 'default' : literal(role);
}

/**
 * NULL is `\N` in the files, which COPY takes for NULL when nothing else is said; an empty field is an empty text
 * (https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html). Binary columns are hexadecimal
 * digits, as COPY wants them (copy-usage-varbyte.html).
 */
function csvOptions(manifest: Manifest, uri: string): string {
  const { compression } = manifest.reefline;
  const options = new Set(
    manifest.entries.map(({ url }) => csvCompression(compression, url)?.toUpperCase() ?? ''),
  );
  const [only] = options;
  if (options.size > 1) {
    throw new StageFailure(
      'invalid_config',
      `The files of manifest ${uri} are compressed in different ways, which one COPY cannot read.`,
      { facts: { uri } },
    );
  }
  return ['FORMAT AS CSV MANIFEST', only, "TIMEFORMAT 'auto' DATEFORMAT 'auto'"].filter(Boolean).join(' ');
}
