import type pg from 'pg';
import type { LoadTarget, PreparedTarget } from './load-columns.ts';
import { withPostgres, type PostgresSession, type PostgresSettings } from './connection.ts';
import { checkCount, copyRows } from './load-copy.ts';
import type { LoadRequest, LoadResult } from './load-request.ts';
import {
  createStandIn,
  dropStandIn,
  holdStandIn,
  lookForStandIn,
  putInPlace,
  standInFor,
} from './load-stand-in.ts';
import { beginLoad, commitLoad } from './load-transaction.ts';
import { servingName } from './publish-target.ts';

const MANY_ROWS = 500_000;

/** A drop waits for the COPY that has just been told to end, and for nothing else. */
const DROP_LOCK_TIMEOUT = '5s';

interface NewTable {
  readonly request: LoadRequest;
  readonly target: LoadTarget;
  readonly doing: string;
}

/**
 * Loads many rows into a table that is not there yet: two connections fill another one beside it, which the transaction of the marker
 * renames (docs/decisions/0033). Undefined when that is not the case, or somebody else is at it; then no row has been read.
 * @throws StageFailure as `loadRows`, and `conflict` when the table has come to be meanwhile.
 */
export async function loadNewTable(
  settings: PostgresSettings,
  session: PostgresSession,
  work: NewTable,
): Promise<LoadResult | undefined> {
  const { client } = session;
  const { request, target } = work;
  const { there, standIn } = await lookForStandIn(client, target.table);
  const many = request.mode !== 'merge' && request.rows.count >= (request.manyRows ?? MANY_ROWS);
  const wanted = many && !there && standIn !== 'taken';
  if (!wanted && standIn !== 'begun') return undefined;
  if (!(await holdStandIn(client, target.table))) return undefined;
  if (standIn === 'begun') await dropStandIn(client, target.table);
  const prepared = wanted ? await createStandIn(client, target) : undefined;
  if (prepared === undefined) return undefined;
  try {
    const rows = await fillAndRename(settings, session, { ...work, prepared });
    return { rows, columns: prepared.columns };
  } catch (error) {
    await discard(settings, client, target);
    throw error;
  }
}

async function fillAndRename(
  settings: PostgresSettings,
  session: PostgresSession,
  { request, target, doing, prepared }: NewTable & { readonly prepared: PreparedTarget },
): Promise<number> {
  const { client } = session;
  const { marker, mode, rows } = request;
  const copied = await withBoth(settings, session, doing, (each, signal) =>
    copyRows(each, {
      into: servingName(standInFor(target.table)),
      rows,
      taken: prepared.taken,
      label: 'without label',
      doing,
      signal,
    }),
  );
  checkCount(marker, copied, rows.count);
  const settled = await beginLoad(client, marker, mode);
  if (settled !== undefined) {
    await dropStandIn(client, target.table);
    return settled;
  }
  await putInPlace(client, target, marker.timelabel);
  return commitLoad(client, marker, rows.count);
}

/**
 * The sum of what the connection and one more copy, which stop when either fails. The one alone does it all when the server has no
 * other to give.
 */
async function withBoth(
  settings: PostgresSettings,
  session: PostgresSession,
  doing: string,
  copy: (session: PostgresSession, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const failed = new AbortController();
  const signal = AbortSignal.any(
    settings.signal === undefined ? [failed.signal] : [failed.signal, settings.signal],
  );
  const stopAll = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  let opened = false;
  const more = withPostgres({ ...settings, signal }, doing, (second) => {
    opened = true;
    return copy(second, signal);
  }).catch((error: unknown) => (opened || signal.aborted ? stopAll(error) : 0));
  const copied = await Promise.allSettled([copy(session, signal).catch(stopAll), more]);
  if (failed.signal.aborted) throw failed.signal.reason;
  return copied.reduce((sum, each) => sum + (each.status === 'fulfilled' ? each.value : 0), 0);
}

/**
 * Gives back at once what is stored of a failed attempt, by the connection that holds it: where that is lost, the table may be another
 * attempt's by now, and the next load does it.
 */
async function discard({ signal }: PostgresSettings, client: pg.Client, target: LoadTarget): Promise<void> {
  if (signal?.aborted === true) return;
  try {
    await client.query('rollback');
    await client.query(`set lock_timeout = '${DROP_LOCK_TIMEOUT}'`);
    await dropStandIn(client, target.table);
  } catch {
    // The failure of the attempt is the one to tell.
  }
}
