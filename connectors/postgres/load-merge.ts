import type pg from 'pg';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { LoadRequest } from './load-request.ts';
import { LABEL_COLUMN } from './load-columns.ts';
import { servingName, type ServingTable } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

/** Temporary tables of a merge: the rows of the batch, and the keys of deleted rows. They go with the connection. */
export const STAGED_ROWS = 'reefline_rows';
export const DELETED_KEYS = 'reefline_deleted';

const LABEL = quoteIdentifier(LABEL_COLUMN);

/** The temporary table has the target's own types, so that COPY checks every value. */
export function stagingTable(name: string, table: ServingTable, columns: readonly Column[]): string {
  const list = [...columns.map((column) => quoteIdentifier(column.name)), LABEL].join(', ');
  return `create temporary table ${name} as select ${list} from ${servingName(table)} with no data`;
}

/** @throws StageFailure `data_error` that names a key of the batch that is NULL or not unique. */
export async function refuseBadKeys(
  client: pg.Client,
  { key, marker }: Pick<LoadRequest, 'key' | 'marker'>,
): Promise<void> {
  const names = key.map(quoteIdentifier);
  const found = await client.query<{ sample: (string | null)[]; copies: string }>(
    `select array[${names.map((name) => `${name}::text`).join(', ')}] as sample, count(*) as copies from pg_temp.${STAGED_ROWS}
     group by ${names.join(', ')} having count(*) > 1 or ${names.map((name) => `${name} is null`).join(' or ')} limit 1`,
  );
  const bad = found.rows[0];
  if (bad === undefined) return;
  const { dataset, timelabel } = marker;
  const values = bad.sample.map((value) => value ?? 'NULL').join(', ');
  const fault = bad.sample.includes(null)
    ? 'is NULL in a row of the batch'
    : `appears ${bad.copies} times in the batch`;
  throw new StageFailure(
    'data_error',
    `Key (${key.join(', ')}) = (${values}) ${fault} of label ${timelabel} for ${dataset}: a merge needs each key once and complete. Nothing was written.`,
    { facts: { dataset, timelabel, key: key.join(', '), sample: values } },
  );
}

/**
 * A row belongs to the newest label that brought its key; rows without a label were there before Reefline and count as
 * older. Answers how many rows the label has now. `restated`: the label may have rows whose keys it does not bring any more.
 */
export async function mergeStaged(
  client: pg.Client,
  request: LoadRequest,
  restated: boolean,
): Promise<number> {
  const { marker, key, table, deletes } = request;
  const target = servingName(table);
  if (deletes !== undefined) {
    await countKeys(client, DELETED_KEYS, key);
    await client.query(
      `delete from ${target} t using pg_temp.${DELETED_KEYS} s where ${sameKey(key)} and (t.${LABEL} is null or t.${LABEL} <= $1)`,
      [marker.timelabel],
    );
  }
  if (restated) {
    await countKeys(client, STAGED_ROWS, key);
    await client.query(
      `delete from ${target} t where t.${LABEL} = $1 and not exists (select 1 from pg_temp.${STAGED_ROWS} s where ${sameKey(key)})`,
      [marker.timelabel],
    );
  }
  const written = await client.query(upsert(request));
  return written.rowCount ?? 0;
}

/**
 * Nothing else tells the planner how many different keys wait here, and they are joined with a table of any size. The upsert joins
 * nothing: it looks each row up in the index, whatever the planner knows.
 */
async function countKeys(client: pg.Client, staging: string, key: readonly string[]): Promise<void> {
  await client.query(`analyze pg_temp.${staging} (${key.map(quoteIdentifier).join(', ')})`);
}

/** In the order of the key: two writers that meet in one table then wait for each other instead of dying of a deadlock. */
function upsert({ table, rows, key }: LoadRequest): string {
  const keys = key.map(quoteIdentifier);
  const names = [...rows.columns.map(({ name }) => quoteIdentifier(name)), LABEL];
  const changed = names.filter((name) => !keys.includes(name)).map((name) => `${name} = excluded.${name}`);
  return (
    `insert into ${servingName(table)} as t (${names.join(', ')}) select ${names.join(', ')} from pg_temp.${STAGED_ROWS} ` +
    `order by ${keys.join(', ')} on conflict (${keys.join(', ')}) do update set ${changed.join(', ')} ` +
    `where t.${LABEL} is null or t.${LABEL} <= excluded.${LABEL}`
  );
}

function sameKey(key: readonly string[]): string {
  return key
    .map(quoteIdentifier)
    .map((name) => `t.${name} = s.${name}`)
    .join(' and ');
}
