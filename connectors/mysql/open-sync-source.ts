import {
  requireColumns,
  type KnownKeys,
  type SyncColumn,
  type SyncSource,
} from '../../pipeline/sync-source.ts';
import { withMysql, type MysqlSettings } from './connection.ts';
import { holdRelation, readColumns, type SourceColumn } from './extract-columns.ts';
import { countKnownKeys, readKnownKeys, secondsOfKeys } from './sync-keys.ts';
import { allKeys, keysBetween } from './sync-rows.ts';
import { countAllRows, countRows, cursorOf, extentOf, primaryKey, type OpenedSource } from './sync-source.ts';

/**
 * Opens a table in one read-only snapshot of InnoDB, so that all answers are of the same state. Texts of times are those of UTC.
 * @throws StageFailure `not_found` for a missing table, `data_error` for types that an extract refuses as well.
 */
export async function openSyncSource<T>(
  settings: MysqlSettings,
  { schema, table }: { readonly schema: string; readonly table: string },
  work: (source: SyncSource) => Promise<T>,
): Promise<T> {
  return withMysql(settings, `look into ${schema}.${table}`, async (session) => {
    await session.query('start transaction with consistent snapshot, read only');
    const relation = await holdRelation(session, schema, table);
    const result = await work(sourceOf({ session, relation, columns: await readColumns(session, relation) }));
    await session.query('commit');
    return result;
  });
}

function sourceOf(opened: OpenedSource): SyncSource {
  const { relation } = opened;
  /** The same columns with what only MySQL knows of them. */
  const own = (some: readonly SyncColumn[]): readonly SourceColumn[] => {
    const names = some.map(({ name }) => name);
    return requireColumns({ table: relation.name, columns: opened.columns }, names, 'is part of the key');
  };
  return {
    table: relation.name,
    // MySQL gives CHAR without its padding, and so it is staged.
    columns: opened.columns.map((column) => ({ ...column, padded: false })),
    primaryKey: () => primaryKey(opened),
    extent: async (cursor, within) => extentOf(opened, cursorOf(opened, cursor), within),
    countRows: async (cursor, starts, end) => countRows(opened, cursorOf(opened, cursor), starts, end),
    countAllRows: () => countAllRows(opened),
    readKeys: async (some, keys) => Promise.resolve(knownKeys(opened, some, own(some), keys)),
    keysBetween: (cursor, key, starts, end) =>
      keysBetween(opened, cursorOf(opened, cursor), own(key), starts, end),
    allKeys: (key) => allKeys(opened, own(key)),
  };
}

function knownKeys(
  opened: OpenedSource,
  columns: readonly SyncColumn[],
  own: readonly SourceColumn[],
  keys: readonly (readonly string[])[],
): KnownKeys {
  const known = readKnownKeys(opened.relation.name, own, keys);
  return {
    columns,
    keys: known.keys,
    count: () => countKnownKeys(opened, known),
    seconds: (cursor, within) => secondsOfKeys(opened, cursorOf(opened, cursor), known, within),
  };
}
