import type pg from 'pg';

/** One revision of one label of one dataset. */
export interface PublishMarker {
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
}

/** Creates the marker table of a serving database. Callers hold the lock of `lockPublishing`: `if not exists` alone races. */
export async function createMarkers(client: pg.ClientBase): Promise<void> {
  const existing = await client.query(
    `select 1 from pg_catalog.pg_class where oid = to_regclass('reefline.applied')`,
  );
  if (existing.rows.length > 0) return;
  await client.query('create schema if not exists reefline');
  await client.query(
    'create table reefline.applied (dataset text not null, timelabel char(14) not null, revision integer not null, ' +
      'rows bigint not null, applied_at timestamptz not null default now(), primary key (dataset, timelabel, revision))',
  );
}

/** Held until the transaction ends: one at a time creates tables, or writes the rows of one dataset. */
export async function lockPublishing(client: pg.ClientBase, what: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`reefline publish ${what}`]);
}

/** The same lock, held until the connection ends. */
export async function holdPublishing(client: pg.ClientBase, what: string): Promise<void> {
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`reefline publish ${what}`]);
}

/** The same lock without waiting: answers whether it is held now. */
export async function tryHoldPublishing(client: pg.ClientBase, what: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    [`reefline publish ${what}`],
  );
  return rows[0]?.held === true;
}

/** Held until the transaction ends, beside others that share it: keeps out who would have it alone. */
export async function sharePublishing(client: pg.ClientBase, what: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [
    `reefline publish ${what}`,
  ]);
}

/**
 * How many rows the run has already written, or must not write any more: its own revision or a newer one of the label is there
 * or, when it publishes the whole table, a newer label is. Undefined when it has to write. A newer label
 * leaves an older one nothing to write, hence 0.
 */
export async function settledRows(
  client: pg.ClientBase,
  marker: PublishMarker,
  wholeTable: boolean,
): Promise<number | undefined> {
  const { dataset, timelabel, revision } = marker;
  const same = await client.query<{ rows: string }>(
    'select rows from reefline.applied where dataset = $1 and timelabel = $2 and revision >= $3 order by revision limit 1',
    [dataset, timelabel, revision],
  );
  if (same.rows[0] !== undefined) return Number(same.rows[0].rows);
  if (!wholeTable) return undefined;
  const newer = await client.query(
    'select 1 from reefline.applied where dataset = $1 and timelabel > $2 limit 1',
    [dataset, timelabel],
  );
  return newer.rows.length > 0 ? 0 : undefined;
}

/** Records what was written, in the transaction that wrote it. */
export async function recordRows(client: pg.ClientBase, marker: PublishMarker, rows: number): Promise<void> {
  await client.query(
    'insert into reefline.applied (dataset, timelabel, revision, rows) values ($1, $2, $3, $4)',
    [marker.dataset, marker.timelabel, marker.revision, rows],
  );
}
