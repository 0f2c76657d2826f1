import {
  requireColumns,
  type KnownKeys,
  type SyncColumn,
  type SyncSource,
} from '../../pipeline/sync-source.ts';
import { withPostgres, type PostgresSettings } from './connection.ts';
import { findRelation, readColumns, type SourceColumn } from './extract-columns.ts';
import { allKeys, countKnownKeys, keysBetween, readKnownKeys, secondsOfKeys } from './sync-rows.ts';
import { beginReading } from './read-transaction.ts';
import { countAllRows, countRows, cursorOf, extentOf, primaryKey, type OpenedSource } from './sync-source.ts';

/** The type char, whose trailing blanks mean nothing. */
const BPCHAR = 1042;

/**
 * Opens a table in one read-only snapshot, so that all answers are of the same state. Texts of times are those of UTC.
 * @throws StageFailure `not_found` for a missing table, `data_error` for types that an extract refuses as well.
 */
export async function openSyncSource<T>(
  settings: PostgresSettings,
  table: { readonly schema: string; readonly table: string },
  work: (source: SyncSource) => Promise<T>,
): Promise<T> {
  return withPostgres(settings, `look into ${table.schema}.${table.table}`, async (session) => {
    const { client } = session;
    await beginReading(session, settings.statementTimeoutSeconds);
    await client.query(`set local timezone = 'UTC'`);
    await client.query(`set local datestyle = 'ISO, YMD'`);
    const relation = await findRelation(session, table.schema, table.table);
    const opened = { session, relation, columns: await readColumns(session, relation) };
    const result = await work(sourceOf(opened));
    await client.query('commit');
    return result;
  });
}

function sourceOf(opened: OpenedSource): SyncSource {
  const { relation } = opened;
  const columns = opened.columns.map((column) => ({ ...column, padded: column.oid === BPCHAR }));
  /** The same columns with what only PostgreSQL knows of them. */
  const own = (some: readonly SyncColumn[]): readonly SourceColumn[] => {
    const names = some.map(({ name }) => name);
    return requireColumns({ table: relation.name, columns: opened.columns }, names, 'is part of the key');
  };
  return {
    table: relation.name,
    columns,
    primaryKey: () => primaryKey(opened),
    extent: async (cursor, within) => extentOf(opened, cursorOf(opened, cursor), within),
    countRows: async (cursor, starts, end) => countRows(opened, cursorOf(opened, cursor), starts, end),
    countAllRows: () => countAllRows(opened),
    readKeys: (some, keys) => knownKeys(opened, some, own(some), keys),
    keysBetween: (cursor, key, starts, end) =>
      keysBetween(opened, cursorOf(opened, cursor), own(key), starts, end),
    allKeys: (key) => allKeys(opened, own(key)),
  };
}

async function knownKeys(
  opened: OpenedSource,
  columns: readonly SyncColumn[],
  own: readonly SourceColumn[],
  keys: readonly (readonly string[])[],
): Promise<KnownKeys> {
  const known = await readKnownKeys(opened, own, keys);
  return {
    columns,
    keys: known.keys,
    count: () => countKnownKeys(opened, known),
    seconds: (cursor, within) => secondsOfKeys(opened, cursorOf(opened, cursor), known, within),
  };
}
