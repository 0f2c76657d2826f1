import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { quoted, quotedTable, type TableName } from './names.ts';

/*
 * How a large table is read through the Data API, whose results have a limit of 100 MB each and whose batches have 40 statements
 * (Amazon Redshift Management Guide, "Considerations when calling the Amazon Redshift Data API").
 */

/** Far enough below the limit that parts may differ in size: rows are spread by a hash. */
export const PART_BYTES = 64_000_000;
const MAX_PARTS = 40;
/** Most characters of a value of a type that has no length of its own. */
const FIXED_BYTES = {
  boolean: 5,
  int16: 6,
  int32: 11,
  int64: 20,
  float32: 24,
  float64: 24,
  date: 13,
  timestamp: 35,
  decimal: 40,
} as const;

/** One number: how many bytes the values of the rows have at most, as text. `where` is empty or begins with WHERE. */
export function sizeSelect(table: TableName, columns: readonly Column[], where: string): string {
  let fixed = 0;
  const measured: string[] = [];
  for (const { name, type } of columns) {
    if (type.kind === 'text' || type.kind === 'json' || type.kind === 'uuid')
      measured.push(`COALESCE(OCTET_LENGTH(${quoted(name)}), 0)`);
    else if (type.kind === 'binary') measured.push(`COALESCE(OCTET_LENGTH(${quoted(name)}), 0) * 2 + 2`);
    else fixed += FIXED_BYTES[type.kind];
  }
  const row = [String(fixed), ...measured].join(' + ');
  return `SELECT CAST(COALESCE(SUM(CAST(${row} AS bigint)), 0) AS varchar) FROM ${quotedTable(table)}${where}`;
}

/**
 * For each part the conditions that its rows fulfil; none when one result holds all of them. Rows are told apart by the first digits of the MD5 of
 * the spread columns, which Redshift computes like everybody else. Throws StageFailure `invalid_config` when 40 parts are too few, or when no
 * column can be hashed.
 */
export function partsOf(
  table: string,
  bytes: number,
  spread: readonly Column[],
  partBytes: number,
): readonly (readonly string[])[] {
  const count = Math.ceil(bytes / partBytes);
  if (count <= 1) return [[]];
  // Redshift casts neither booleans nor bytes to text.
  const hashed = spread.filter(({ type }) => type.kind !== 'boolean' && type.kind !== 'binary');
  if (count > MAX_PARTS || hashed.length === 0) throw tooLarge(table, bytes, hashed.length === 0);
  const text = hashed.map(({ name }) => `COALESCE(CAST(${quoted(name)} AS varchar), '')`).join(" || '/' || ");
  const digits = `SUBSTRING(MD5(${text}), 1, 4)`;
  return Array.from({ length: count }, (_, part) => {
    const from = part === 0 ? [] : [`${digits} >= '${boundary(part, count)}'`];
    const to = part === count - 1 ? [] : [`${digits} < '${boundary(part + 1, count)}'`];
    return [...from, ...to];
  });
}

function boundary(part: number, count: number): string {
  return Math.round((part * 0x10000) / count)
    .toString(16)
    .padStart(4, '0');
}

function tooLarge(table: string, bytes: number, unhashed: boolean): StageFailure {
  const parts = unhashed ? 1 : MAX_PARTS;
  const why = unhashed ? ', because its key holds only booleans and bytes' : '';
  return new StageFailure(
    'invalid_config',
    `Redshift table ${table} has about ${gigabytes(bytes)} GB of values to read, and one run reads at most ${gigabytes(parts * PART_BYTES)} GB through the Data API${why}. ` +
      'Publish the rows label by label (mode append or merge of the stage that writes it), or from a table with fewer rows or columns.',
    { facts: { table, bytes, limit: parts * PART_BYTES } },
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
