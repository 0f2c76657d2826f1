import type { PostgresSession } from './connection.ts';

/** Seconds to wait for a lock: a table that is being altered makes the extract try again, and not wait for ever. */
const LOCK_SECONDS = 60;

/**
 * Begins a transaction in which nothing can be written and all statements see one state. None of its statements, no
 * wait for a lock and no idle moment takes longer than is said here, whatever the server allows its users.
 * Settings of the transaction and not of the connection: a pooler in between refuses the latter or gives them to others.
 * The state is that of `snapshot` (`pg_export_snapshot`), whose transaction must last; a new one when absent.
 */
export async function beginReading(
  { client }: PostgresSession,
  statementTimeoutSeconds: number | undefined,
  snapshot?: string,
): Promise<void> {
  await client.query('begin isolation level repeatable read read only');
  if (snapshot !== undefined) {
    await client.query(`set transaction snapshot ${client.escapeLiteral(snapshot)}`);
  }
  await client.query(`set local lock_timeout = '${String(LOCK_SECONDS)}s'`);
  if (statementTimeoutSeconds === undefined) return;
  const limit = `'${String(statementTimeoutSeconds)}s'`;
  await client.query(`set local statement_timeout = ${limit}`);
  await client.query(`set local idle_in_transaction_session_timeout = ${limit}`);
}
