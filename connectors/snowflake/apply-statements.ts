import { LABEL_COLUMN, literal, MARKERS, quoted, quotedTable, type TableName } from './names.ts';
import { turnsOf } from './target-plan.ts';

/** One revision of one label of one dataset: what a marker row says is in the database. */
export interface Marker {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** What one run does to the target. All names are stored names. */
export interface Application {
  readonly target: TableName;
  readonly marker: Marker;
  readonly mode: 'append' | 'replace' | 'merge';
  /** merge: the columns that identify a row. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** The temporary table that holds the batch. */
  readonly staging: TableName;
  /** Statements that create the temporary table and fill it. */
  readonly fill: readonly string[];
  /** merge: the temporary table with the keys of deleted rows, and what creates and fills it. */
  readonly deletes?: { readonly table: TableName; readonly fill: readonly string[] };
}

/** Statements of a run in the three parts of its block (block.ts). */
export interface ApplyStatements {
  /** Each commits by itself; they touch temporary tables only. */
  readonly before: readonly string[];
  /** One transaction. */
  readonly transaction: readonly string[];
  /** A SELECT of one JSON text: `{"rows": …, "badKey": …}`, see `outcome` below. */
  readonly outcome: string;
}

/**
 * The statements of one run. Its transaction first waits for its turn at the target: Snowflake reads what is committed
 * before each *statement*, so all that follow see the marker of whoever wrote before. Every write is guarded by the absence of a
 * marker of this or a newer revision, so a repeated or older run changes nothing. Bad keys do not fail the block: they keep every guard
 * shut and are returned as a sample.
 */
export function applyStatements(work: Application): ApplyStatements {
  const writes = { append: appendWrites, replace: replaceWrites, merge: mergeWrites }[work.mode](work);
  return {
    before: [
      ...work.fill,
      ...(work.mode === 'merge' ? [badKeySample(work)] : []),
      ...(work.deletes?.fill ?? []),
    ],
    transaction: [
      `UPDATE ${quotedTable(turnsOf(work.target))} SET "TURN" = "TURN" + 1`,
      ...writes,
      markerInsert(work),
    ],
    outcome: outcome(work),
  };
}

/** Reads what a marker recorded: of this revision, or of the oldest newer one when this one never came to be. */
export function rowsSelect({ dataset, timelabel, revision }: Marker): string {
  return (
    `SELECT "ROWS" FROM ${quotedTable(MARKERS)} WHERE "DATASET" = ${literal(dataset)} AND "TIMELABEL" = ${literal(timelabel)} ` +
    `AND "REVISION" >= ${String(revision)} ORDER BY "REVISION" LIMIT 1`
  );
}

/** A restated label replaces its own rows and touches no others. */
function appendWrites(work: Application): readonly string[] {
  return [`DELETE FROM ${quotedTable(work.target)} WHERE ${ownRows(work)} AND ${guard(work)}`, insert(work)];
}

/** The whole table is the newest label's; a label that comes late finds a newer one and writes nothing. */
function replaceWrites(work: Application): readonly string[] {
  const newer =
    `SELECT 1 FROM ${quotedTable(MARKERS)} WHERE "DATASET" = ${literal(work.marker.dataset)} ` +
    `AND "TIMELABEL" > ${literal(work.marker.timelabel)}`;
  return [
    `DELETE FROM ${quotedTable(work.staging)} WHERE EXISTS (${newer})`,
    `DELETE FROM ${quotedTable(work.target)} WHERE NOT EXISTS (${newer}) AND ${guard(work)}`,
    insert(work),
  ];
}

/**
 * A row belongs to the newest label that brought its key, which MERGE cannot say of rows that are to go. Rows without a label were
 * in the table before Reefline and count as older.
 */
function mergeWrites(work: Application): readonly string[] {
  const target = quotedTable(work.target);
  const label = `${quoted(work.target.table)}.${quoted(LABEL_COLUMN)}`;
  const own = literal(work.marker.timelabel);
  const same = (left: string, right: string): string =>
    work.key.map((column) => `${left}.${quoted(column)} = ${right}.${quoted(column)}`).join(' AND ');
  const [table, staging] = [quoted(work.target.table), quoted(work.staging.table)];
  const notNewer = `(${label} <= ${own} OR ${label} IS NULL)`;
  // Rows that are gone at the source; one that a newer label has brought is there again.
  const gone = (work.deletes === undefined ? [] : [work.deletes.table]).map(
    (keys) =>
      `DELETE FROM ${target} USING ${quotedTable(keys)} WHERE ${same(table, quoted(keys.table))} AND ${notNewer} AND ${guard(work)}`,
  );
  return [
    `DELETE FROM ${quotedTable(work.staging)} USING ${target} WHERE ${same(table, staging)} AND ${label} > ${own}`,
    `DELETE FROM ${target} WHERE ${ownRows(work)} AND ${guard(work)}`,
    `DELETE FROM ${target} USING ${quotedTable(work.staging)} WHERE ${same(table, staging)} AND ${notNewer} AND ${guard(work)}`,
    ...gone,
    insert(work),
  ];
}

function badKeySample(work: Application): string {
  const key = work.key.map(quoted);
  const missing = key.map((column) => `${column} IS NULL`).join(' OR ');
  return (
    `CREATE OR REPLACE TEMPORARY TABLE ${quotedTable(badKeys(work))} AS SELECT ${key.join(', ')}, COUNT(*) AS "REEFLINE_COPIES" ` +
    `FROM ${quotedTable(work.staging)} GROUP BY ${key.join(', ')} HAVING COUNT(*) > 1 OR ${missing} LIMIT 1`
  );
}

function insert(work: Application): string {
  const names = work.columns.map(quoted);
  return (
    `INSERT INTO ${quotedTable(work.target)} (${[...names, quoted(LABEL_COLUMN)].join(', ')}) ` +
    `SELECT ${[...names, literal(work.marker.timelabel)].join(', ')} FROM ${quotedTable(work.staging)} WHERE ${guard(work)}`
  );
}

/** Counts the staging table, from which everything that is not written has been deleted. */
function markerInsert(work: Application): string {
  const { dataset, timelabel, revision } = work.marker;
  return (
    `INSERT INTO ${quotedTable(MARKERS)} ("DATASET", "TIMELABEL", "REVISION", "ROWS", "APPLIED_AT") ` +
    `SELECT ${literal(dataset)}, ${literal(timelabel)}, ${String(revision)}, counted.n, CURRENT_TIMESTAMP() ` +
    `FROM (SELECT COUNT(*) AS n FROM ${quotedTable(work.staging)}) AS counted WHERE ${guard(work)}`
  );
}

function guard(work: Application): string {
  const { dataset, timelabel, revision } = work.marker;
  const applied =
    `NOT EXISTS (SELECT 1 FROM ${quotedTable(MARKERS)} WHERE "DATASET" = ${literal(dataset)} ` +
    `AND "TIMELABEL" = ${literal(timelabel)} AND "REVISION" >= ${String(revision)})`;
  return work.mode === 'merge'
    ? `${applied} AND NOT EXISTS (SELECT 1 FROM ${quotedTable(badKeys(work))})`
    : applied;
}

function ownRows(work: Application): string {
  return `${quoted(LABEL_COLUMN)} = ${literal(work.marker.timelabel)}`;
}

function badKeys({ staging }: Application): TableName {
  return { schema: staging.schema, table: `${staging.table}_KEYS` };
}

/** Numbers the values of the key, because an array leaves NULL out of its text. */
function outcome(work: Application): string {
  const fields = [`'rows', (${rowsSelect(work.marker)})`];
  if (work.mode === 'merge') {
    const values = [...work.key, 'REEFLINE_COPIES'].map(
      (column, at) => `'${String(at)}', TO_VARCHAR(${quoted(column)})`,
    );
    const sample = `SELECT OBJECT_CONSTRUCT_KEEP_NULL(${values.join(', ')}) FROM ${quotedTable(badKeys(work))}`;
    fields.push(`'badKey', (${sample})`);
  }
  return `TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL(${fields.join(', ')}))`;
}
