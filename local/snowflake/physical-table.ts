import type { CopyColumn } from './copy-parquet.ts';
import { missing } from './fault.ts';
import { quotedForPostgres } from './letters.ts';
import type { Session } from './session.ts';

/** A table as PostgreSQL finds it. */
export interface PhysicalTable {
  readonly physical: string;
  readonly columns: readonly CopyColumn[];
}

/** @throws Fault when the session sees no such table. */
export async function findTable(names: readonly string[], session: Session): Promise<PhysicalTable> {
  const physical = physicalName(names, session);
  const client = await session.client();
  const { rows } = await client.query<CopyColumn>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [physical],
  );
  if (rows.length === 0) throw missing('Table', names.join('.'));
  return { physical, columns: rows };
}

function physicalName(names: readonly string[], session: Session): string {
  const table = names.at(-1) ?? '';
  const schema = names.at(-2) ?? session.place.schema ?? 'PUBLIC';
  const temporary = session.temporary.get(`${schema}.${table}`);
  if (temporary !== undefined) return `pg_temp.${quotedForPostgres(temporary)}`;
  return `${quotedForPostgres(schema)}.${quotedForPostgres(table)}`;
}
