import type pg from 'pg';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { withPostgres, type PostgresSettings } from './connection.ts';
import { checkCount, copyRows } from './load-copy.ts';
import { LABEL_COLUMN, type PreparedTarget } from './load-columns.ts';
import { prepareLoadTarget } from './load-target.ts';
import { DELETED_KEYS, mergeStaged, refuseBadKeys, STAGED_ROWS, stagingTable } from './load-merge.ts';
import { loadNewTable } from './load-new-table.ts';
import type { LoadRequest, LoadResult, LoadRows } from './load-request.ts';
import { beginLoad, commitLoad } from './load-transaction.ts';
import type { TakenAs } from './load-types.ts';
import { settledRows, type PublishMarker } from './publish-markers.ts';
import { servingName } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

/**
 * Without these a server that lost its client would keep the transaction, and the lock that a retry waits for, for hours
 * (https://www.postgresql.org/docs/current/runtime-config-connection.html, "TCP Settings").
 */
const NOTICE_LOST_CLIENT =
  'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; ' +
  `set idle_in_transaction_session_timeout = '10min'`;

/**
 * Writes a batch into a table, once, in one transaction with its marker. Readers never wait for it, and writers only
 * for rows that both change: the lock is one on the dataset, which only loads ask for (docs/decisions/0018).
 * @throws StageFailure `data_error` for keys that are NULL or not unique and for values that the table refuses;
 * `invalid_config` for a key that the batch does not have; what reading the rows throws.
 */
export async function loadRows(settings: PostgresSettings, request: LoadRequest): Promise<LoadResult> {
  const { marker, table, rows, mode } = request;
  const doing = `load ${marker.dataset} into table ${table.schema}.${table.table}`;
  checkKey(request);
  return withPostgres(settings, doing, async (session) => {
    const { client } = session;
    await client.query(NOTICE_LOST_CLIENT);
    const target = { dataset: marker.dataset, table, columns: rows.columns, key: request.key };
    const made = await loadNewTable(settings, session, { request, target, doing });
    if (made !== undefined) return made;
    const prepared = await prepareLoadTarget(client, target);
    const settled = await settledRows(client, marker, mode === 'replace');
    if (settled !== undefined) return { rows: settled, columns: prepared.columns };
    const copy: Copy = async (into, batch, taken) => {
      const copied = await copyRows(session, {
        into,
        rows: batch,
        taken,
        label: 'with label',
        doing,
        signal: settings.signal,
      });
      checkCount(marker, copied, batch.count);
    };
    const written =
      mode === 'merge'
        ? await merge(client, request, prepared, copy)
        : await fill(client, request, prepared, copy);
    return { rows: written, columns: prepared.columns };
  });
}

type Copy = (into: string, rows: LoadRows, taken: readonly TakenAs[]) => Promise<void>;

/** Straight into the table: what is copied is seen by nobody before the commit. */
async function fill(
  client: pg.Client,
  { marker, table, mode, rows }: LoadRequest,
  { taken }: PreparedTarget,
  copy: Copy,
): Promise<number> {
  const settled = await beginLoad(client, marker, mode);
  if (settled !== undefined) return settled;
  const name = servingName(table);
  if (mode === 'replace') await client.query(`delete from ${name}`);
  else if (await hasOlderRevision(client, marker))
    await client.query(`delete from ${name} where ${quoteIdentifier(LABEL_COLUMN)} = $1`, [marker.timelabel]);
  if (rows.count > 0) await copy(name, rows, taken);
  return commitLoad(client, marker, rows.count);
}

/** Rows wait in temporary tables, so that the transaction is short however slowly they arrive. */
async function merge(
  client: pg.Client,
  request: LoadRequest,
  { taken }: PreparedTarget,
  copy: Copy,
): Promise<number> {
  const { marker, table, rows, deletes } = request;
  const takenOf = new Map(rows.columns.map(({ name }, at) => [name, taken[at]]));
  const named = (columns: readonly Column[]): readonly TakenAs[] =>
    columns.flatMap(({ name }) => takenOf.get(name) ?? []);
  for (const [staging, batch] of [
    [STAGED_ROWS, rows],
    [DELETED_KEYS, deletes],
  ] as const) {
    if (batch === undefined) continue;
    await client.query(stagingTable(staging, table, batch.columns));
    if (batch.count > 0) await copy(`pg_temp.${staging}`, batch, named(batch.columns));
  }
  await refuseBadKeys(client, request);
  const settled = await beginLoad(client, marker, 'merge');
  if (settled !== undefined) return settled;
  const written = await mergeStaged(client, request, await hasOlderRevision(client, marker));
  return commitLoad(client, marker, written);
}

/** Whether the label may have rows already: only then are they looked for, which may take a scan of the table. */
async function hasOlderRevision(
  client: pg.Client,
  { dataset, timelabel, revision }: PublishMarker,
): Promise<boolean> {
  const found = await client.query(
    'select 1 from reefline.applied where dataset = $1 and timelabel = $2 and revision < $3 limit 1',
    [dataset, timelabel, revision],
  );
  return found.rows.length > 0;
}

function checkKey({ marker, mode, key, rows }: LoadRequest): void {
  if (mode !== 'merge') return;
  const names = rows.columns.map(({ name }) => name);
  const missing = key.filter((name) => !names.includes(name));
  if (key.length > 0 && missing.length === 0) return;
  const reason =
    key.length === 0 ? 'names no key' : `has no column ${missing.map((name) => `"${name}"`).join(', ')}`;
  throw new StageFailure(
    'invalid_config',
    `${marker.dataset} is merged on a key, but the batch ${reason}. Its columns are ${names.join(', ')}.`,
    { facts: { dataset: marker.dataset } },
  );
}
