import type { Column } from '../../pipeline/column.ts';
import { LABEL_COLUMN, literal, MARKERS, quoted, quotedTable, type TableName } from './names.ts';

/** One revision of one label of one dataset: what a marker row says is in the warehouse. */
export interface Marker {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** What one transaction does to the target. */
export interface Application {
  readonly target: TableName;
  readonly marker: Marker;
  readonly mode: 'append' | 'replace' | 'merge';
  /** merge: the columns that identify a row. */
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  /** Name of the temporary table, unique to the run. */
  readonly staging: string;
  /** Statements that create the temporary table and fill it. */
  readonly fill: readonly string[];
  /** Zoned timestamps lie in the staging table as UTC wall-clock time (COPY has no timestamptz for Parquet). */
  readonly wallClock: boolean;
  /** merge: the temporary table with the keys of deleted rows, as Parquet gives them, and what creates and fills it. */
  readonly deletes?: { readonly table: string; readonly fill: readonly string[] };
}

/** The batch, and which of its statements return what. `badKey` is undefined where no key is checked. */
export interface ApplyBatch {
  readonly sqls: readonly string[];
  readonly rows: number;
  readonly badKey: number | undefined;
}

/**
 * The statements of one run, to be executed as one transaction.
 *
 * LOCK comes first, before anything takes the transaction's snapshot: a second execution of the same run waits there
 * and then sees the first one's marker. Every write is guarded by the absence of a marker of this or a newer revision, so a
 * repeated or older run changes nothing. Bad keys do not fail the batch: they keep every guard shut and are returned
 * as a sample, because the text of a database error is no place to read a key from.
 */
export function applyBatch(work: Application): ApplyBatch {
  const writes = { append: appendWrites, replace: replaceWrites, merge: mergeWrites }[work.mode](work);
  const { deletes } = work;
  const temporary = work.mode === 'merge' ? [work.staging, badKeys(work)] : [work.staging];
  if (deletes !== undefined) temporary.push(deletes.table);
  const sqls = [
    `LOCK ${quotedTable(work.target)}`,
    ...work.fill,
    ...(deletes?.fill ?? []),
    ...writes,
    markerInsert(work),
    rowsSelect(work.marker),
  ];
  const rows = sqls.length - 1;
  if (work.mode === 'merge') sqls.push(`SELECT * FROM ${quoted(badKeys(work))}`);
  const badKey = work.mode === 'merge' ? sqls.length - 1 : undefined;
  // A connection that the service uses again must not keep them: the next batch of the run would find the names taken.
  for (const name of temporary) sqls.push(`DROP TABLE ${quoted(name)}`);
  return { sqls, rows, badKey };
}

/** Reads what a marker recorded: of this revision, or of the oldest newer one when this one never came to be. */
export function rowsSelect({ dataset, timelabel, revision }: Marker): string {
  return (
    `SELECT "rows" FROM ${quotedTable(MARKERS)} WHERE dataset = ${literal(dataset)} AND timelabel = ${literal(timelabel)} ` +
    `AND revision >= ${String(revision)} ORDER BY revision LIMIT 1`
  );
}

/** A restated label replaces its own rows and touches no others. */
function appendWrites(work: Application): readonly string[] {
  return [`DELETE FROM ${quotedTable(work.target)} WHERE ${ownRows(work)} AND ${guard(work)}`, insert(work)];
}

/** The whole table is the newest label's; a label that comes late finds a newer one and writes nothing. */
function replaceWrites(work: Application): readonly string[] {
  const newer =
    `SELECT 1 FROM ${quotedTable(MARKERS)} WHERE dataset = ${literal(work.marker.dataset)} ` +
    `AND timelabel > ${literal(work.marker.timelabel)}`;
  return [
    `DELETE FROM ${quoted(work.staging)} WHERE EXISTS (${newer})`,
    `DELETE FROM ${quotedTable(work.target)} WHERE NOT EXISTS (${newer}) AND ${guard(work)}`,
    insert(work),
  ];
}

/**
 * A row belongs to the newest label that brought its key. Redshift's MERGE takes no condition beside the key, hence
 * deletes and an insert. Rows without a label were in the table before Reefline and count as older.
 */
function mergeWrites(work: Application): readonly string[] {
  const target = quotedTable(work.target);
  const label = `${quoted(work.target.table)}.${quoted(LABEL_COLUMN)}`;
  const own = literal(work.marker.timelabel);
  return [
    badKeySample(work),
    `DELETE FROM ${quoted(work.staging)} USING ${target} WHERE ${sameKey(work)} AND ${label} > ${own}`,
    `DELETE FROM ${target} WHERE ${ownRows(work)} AND ${guard(work)}`,
    `DELETE FROM ${target} USING ${quoted(work.staging)} WHERE ${sameKey(work)} AND (${label} <= ${own} OR ${label} IS NULL) AND ${guard(work)}`,
    ...deletedRows(work, `(${label} <= ${own} OR ${label} IS NULL)`),
    insert(work),
  ];
}

/** Rows that are gone at the source; a row that a newer label has brought is there again. */
function deletedRows(work: Application, notNewer: string): readonly string[] {
  if (work.deletes === undefined) return [];
  const { table } = work.deletes;
  const gone = { ...work, staging: table, wallClock: true };
  return [
    `DELETE FROM ${quotedTable(work.target)} USING ${quoted(table)} WHERE ${sameKey(gone)} AND ${notNewer} AND ${guard(work)}`,
  ];
}

function badKeySample(work: Application): string {
  const key = work.key.map(quoted);
  const missing = key.map((column) => `${column} IS NULL`).join(' OR ');
  return (
    `CREATE TEMP TABLE ${quoted(badKeys(work))} AS SELECT ${key.join(', ')}, count(*) AS reefline_copies ` +
    `FROM ${quoted(work.staging)} GROUP BY ${key.join(', ')} HAVING count(*) > 1 OR ${missing} LIMIT 1`
  );
}

function insert(work: Application): string {
  const names = work.columns.map((column) => quoted(column.name));
  const values = work.columns.map((column) => stagedValue(work, column));
  return (
    `INSERT INTO ${quotedTable(work.target)} (${[...names, quoted(LABEL_COLUMN)].join(', ')}) ` +
    `SELECT ${[...values, literal(work.marker.timelabel)].join(', ')} FROM ${quoted(work.staging)} WHERE ${guard(work)}`
  );
}

/** Counts the staging table, from which everything that is not written has been deleted. */
function markerInsert(work: Application): string {
  const { dataset, timelabel, revision } = work.marker;
  return (
    `INSERT INTO ${quotedTable(MARKERS)} (dataset, timelabel, revision, "rows", applied_at) ` +
    `SELECT ${literal(dataset)}, ${literal(timelabel)}, ${String(revision)}, counted.n, GETDATE() ` +
    `FROM (SELECT count(*) AS n FROM ${quoted(work.staging)}) AS counted WHERE ${guard(work)}`
  );
}

function guard(work: Application): string {
  const { dataset, timelabel, revision } = work.marker;
  const applied =
    `NOT EXISTS (SELECT 1 FROM ${quotedTable(MARKERS)} WHERE dataset = ${literal(dataset)} ` +
    `AND timelabel = ${literal(timelabel)} AND revision >= ${String(revision)})`;
  return work.mode === 'merge'
    ? `${applied} AND NOT EXISTS (SELECT 1 FROM ${quoted(badKeys(work))})`
    : applied;
}

function ownRows(work: Application): string {
  return `${quoted(LABEL_COLUMN)} = ${literal(work.marker.timelabel)}`;
}

function sameKey(work: Application): string {
  const table = quoted(work.target.table);
  const key = new Set(work.key);
  return work.columns
    .filter((column) => key.has(column.name))
    .map((column) => `${table}.${quoted(column.name)} = ${stagedValue(work, column)}`)
    .join(' AND ');
}

function stagedValue(work: Application, column: Column): string {
  const value = `${quoted(work.staging)}.${quoted(column.name)}`;
  const instant = work.wallClock && column.type.kind === 'timestamp' && column.type.zoned;
  return instant ? `(${value} AT TIME ZONE 'UTC')` : value;
}

function badKeys(work: Application): string {
  return `${work.staging}_keys`;
}
