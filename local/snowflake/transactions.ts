import type { Session } from './session.ts';
import type { Translated } from './translate.ts';

export type TransactionCommand = 'BEGIN' | 'COMMIT' | 'ROLLBACK';

/** A second BEGIN is passed over, and so is an end of nothing. */
export async function setTransaction(session: Session, command: TransactionCommand): Promise<void> {
  if ((command === 'BEGIN') === session.inTransaction) return;
  const client = await session.client();
  await client.query(command);
  session.inTransaction = command === 'BEGIN';
}

/**
 * Runs one statement in the session's transaction, or in one of its own. DDL commits what is open and itself. Writers of one table
 * wait for each other until their transactions end, as its lock makes them in Snowflake; a statement that fails leaves the
 * transaction as it was.
 */
export async function inTransaction<T>(
  session: Session,
  { kind, locks }: Pick<Translated, 'kind' | 'locks'>,
  work: () => Promise<T>,
): Promise<T> {
  const client = await session.client();
  if (kind === 'ddl') await setTransaction(session, 'COMMIT');
  const inside = session.inTransaction;
  await client.query(inside ? 'SAVEPOINT statement' : 'BEGIN');
  try {
    if (locks !== undefined)
      await client.query('SELECT pg_advisory_xact_lock(to_regclass($1)::oid::bigint)', [locks]);
    const result = await work();
    await client.query(inside ? 'RELEASE SAVEPOINT statement' : 'COMMIT');
    return result;
  } catch (error) {
    await client.query(inside ? 'ROLLBACK TO SAVEPOINT statement' : 'ROLLBACK').catch(() => undefined);
    throw error;
  }
}
