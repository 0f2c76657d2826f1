import { StageFailure } from '../../pipeline/failure.ts';
import { blockCondition, splitBlocks } from './block-ranges.ts';
import { withPostgres, type PostgresSession, type PostgresSettings } from './connection.ts';
import type { Relation } from './extract-columns.ts';
import { toPostgresFailure } from './failures.ts';
import { beginReading } from './read-transaction.ts';

/** Bytes of a table, with its long values and without its indexes, from which several connections read it. */
const LARGE_TABLE = 64 * 1024 * 1024;

/** The snapshot of a transaction as others can take it, while it lasts. */
interface SharedSnapshot {
  readonly id: string;
  /** When its server was started: what tells it from another one behind the same address. */
  readonly server: string;
  /** Of the table; no row of the snapshot lies behind them. */
  readonly blocks: number;
}

/** A locked table, the transaction that locked it, and how many connections are to read it at most. */
export interface TableToSplit {
  readonly session: PostgresSession;
  readonly relation: Relation;
  readonly doing: string;
  readonly count: number;
}

/** A connection in the one snapshot, and the condition of the rows that it is to read. */
export interface Reader {
  readonly session: PostgresSession;
  readonly condition: string;
}

const SERVER = `pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::text as server`;

/**
 * Only the blocks of a plain table hold its rows, and PostgreSQL reads some of them without all others from version 14 on.
 * Materialized views cannot be locked, and a refreshed one shows its new rows to older snapshots, too.
 */
const SHARE_SNAPSHOT = `
  select pg_catalog.pg_export_snapshot() as id, ${SERVER},
         (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8)::float8 as blocks
  from pg_catalog.pg_class c
  join pg_catalog.pg_am m on m.oid = c.relam
  where c.oid = $1::int8::oid and c.relkind = 'r' and m.amname = 'heap'
    and pg_catalog.pg_table_size(c.oid) >= $2::int8
    and pg_catalog.current_setting('server_version_num')::int4 >= 140000
    and pg_catalog.has_function_privilege('pg_catalog.pg_export_snapshot()', 'execute')`;

/**
 * Opens further connections in the snapshot of a transaction, calls `read` with all, one for each range of the table, and closes
 * them. It is the transaction alone when the table is small or cannot be split, and there are fewer than wanted when the
 * server has no more to give, when a pooler leads to another server, or when somebody already waits to alter the table,
 * so that only those that hold its lock can go on.
 */
export async function withReaders<T>(
  settings: PostgresSettings,
  table: TableToSplit,
  read: (readers: readonly Reader[]) => Promise<T>,
): Promise<T> {
  const snapshot = await shareSnapshot(table);
  if (snapshot === undefined) return read([{ session: table.session, condition: '' }]);
  const open = async (sessions: readonly PostgresSession[]): Promise<T> => {
    const start = (): Promise<T> => read(readersOf(sessions, snapshot));
    if (sessions.length === table.count) return start();
    const next: { opened: boolean } = { opened: false };
    try {
      return await withPostgres(settings, table.doing, async (session) => {
        await takeSnapshot(settings, session, table, snapshot);
        next.opened = true;
        const result = await open([...sessions, session]);
        await session.client.query('commit');
        return result;
      });
    } catch (error) {
      if (next.opened || settings.signal?.aborted === true) throw error;
      return start();
    }
  };
  return open([table.session]);
}

function readersOf(sessions: readonly PostgresSession[], { blocks }: SharedSnapshot): readonly Reader[] {
  return splitBlocks(blocks, sessions.length).flatMap((range, at) => {
    const session = sessions[at];
    return session === undefined ? [] : [{ session, condition: blockCondition(range) }];
  });
}

async function shareSnapshot({ session, relation }: TableToSplit): Promise<SharedSnapshot | undefined> {
  const { client, where } = session;
  try {
    const { rows } = await client.query<SharedSnapshot>(SHARE_SNAPSHOT, [relation.oid, LARGE_TABLE]);
    return rows[0];
  } catch (error) {
    const doing = `share the snapshot in which it reads ${relation.name} (write parallel: 1 in the stage to read with one connection)`;
    throw toPostgresFailure(error, where, doing);
  }
}

/** The id of a snapshot means another one, or nothing, on another server. */
async function takeSnapshot(
  { statementTimeoutSeconds }: PostgresSettings,
  session: PostgresSession,
  { relation, doing }: TableToSplit,
  { id, server }: SharedSnapshot,
): Promise<void> {
  const { client, where } = session;
  await beginReading(session, statementTimeoutSeconds, id);
  const { rows } = await client.query<{ server: string }>(`select ${SERVER}`);
  if (rows[0]?.server !== server) {
    throw new StageFailure(
      'conflict',
      `PostgreSQL ${where} could not ${doing}: two servers have its address.`,
    );
  }
  await client.query(`lock table ${relation.quoted} in access share mode nowait`);
}
