import type pg from 'pg';
import { describeDeleteLimit, exceedsDeleteLimit } from '../../pipeline/delete-limit.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { lockPublishing, recordRows, settledRows } from './publish-markers.ts';
import type { GoneRows, PublishRequest } from './publish-request.ts';
import { stagedName, STAGED_KEYS, STAGED_ROWS } from './publish-stage.ts';
import { LABEL_COLUMN, servingName } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

const LABEL = quoteIdentifier(LABEL_COLUMN);

/**
 * Everything that readers see of a publish, in one transaction: before its commit they see the old rows, after it the new ones, and
 * they never wait. The table stays the same table, with its views, keys, grants and whatever else depends on it
 * (docs/decisions/0016).
 */
export async function writeRows(client: pg.Client, request: PublishRequest): Promise<number> {
  const { marker, gone } = request;
  await client.query('begin');
  await lockPublishing(client, marker.dataset);
  // A second execution of the same run, or a newer one, may have committed while this one was reading.
  const settled = await settledRows(client, marker, request.wholeTable);
  if (settled !== undefined) {
    await client.query('rollback');
    return settled;
  }
  // First: a new row may need a value that must be unique and that a row which is gone still has.
  if (gone !== undefined) await deleteGone(client, request, gone);
  await client.query(upsert(request), gone?.of === 'published' ? [marker.timelabel] : []);
  const counted = await client.query<{ rows: string }>(
    `select count(*) as rows from ${stagedName(STAGED_ROWS)}`,
  );
  const rows = Number(counted.rows[0]?.rows ?? 0);
  await recordRows(client, marker, rows);
  await client.query('commit');
  return rows;
}

async function deleteGone(
  client: pg.Client,
  { target, key, marker }: PublishRequest,
  { of, limit, source, keys }: GoneRows,
): Promise<void> {
  const own = of === 'published' ? `t.${LABEL} is not null` : 'true';
  const counted = await client.query<{ rows: string }>(
    `select count(*) as rows from ${servingName(target)} t where ${own}`,
  );
  const there = Number(counted.rows[0]?.rows ?? 0);
  const known = stagedName(keys === undefined ? STAGED_ROWS : STAGED_KEYS);
  const deleted = await client.query(
    `delete from ${servingName(target)} t where ${own} and not exists (select 1 from ${known} s where ${sameKey(key)})`,
  );
  const count = deleted.rowCount ?? 0;
  if (!exceedsDeleteLimit(limit, there, count)) return;
  const table = `${target.schema}.${target.table}`;
  throw new StageFailure(
    'data_error',
    `Publishing label ${marker.timelabel} would delete ${String(count)} of ${String(there)} rows of ${table}, whose keys are not in ${source} any more; ` +
      `max_deleted is ${describeDeleteLimit(limit)}. Nothing was written. Repair ${source}, or raise max_deleted if they are to go, and run the label again.`,
    {
      facts: {
        dataset: marker.dataset,
        timelabel: marker.timelabel,
        deleted: count,
        rows: there,
        limit: describeDeleteLimit(limit),
      },
    },
  );
}

/**
 * Rows that are there as they are stay untouched: images are compared bit by bit, whatever their type calls equal
 * (https://www.postgresql.org/docs/current/functions-comparisons.html, "Composite Type Comparison"). The others in the order of
 * their key: two runs that meet in one table then wait for each other instead of dying of a deadlock.
 */
function upsert({ target, columns, key, gone, wholeTable }: PublishRequest): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const labelled = gone?.of === 'published';
  const written = labelled ? [...names, LABEL] : names;
  const values = names.map((name) => `s.${name}`);
  const there = [
    sameKey(key),
    `pg_catalog.record_image_eq(row(${names.map((name) => `t.${name}`).join(', ')}), row(${values.join(', ')}))`,
  ];
  // The rows of a label say with which label a row is up to date. Those of a whole table need not: an older label is not published after a newer one.
  if (labelled) there.push(wholeTable ? `t.${LABEL} is not null` : `t.${LABEL} >= $1`);
  const keys = key.map(quoteIdentifier);
  const changed = written.filter((name) => !keys.includes(name)).map((name) => `${name} = excluded.${name}`);
  const late = labelled && !wholeTable ? ` where t.${LABEL} is null or t.${LABEL} <= excluded.${LABEL}` : '';
  const conflict = changed.length === 0 ? 'do nothing' : `do update set ${changed.join(', ')}${late}`;
  return (
    `insert into ${servingName(target)} as t (${written.join(', ')}) select ${[...values, ...(labelled ? ['$1::text'] : [])].join(', ')} ` +
    `from ${stagedName(STAGED_ROWS)} s where not exists (select 1 from ${servingName(target)} t where ${there.join(' and ')}) ` +
    `order by ${keys.map((name) => `s.${name}`).join(', ')} on conflict (${keys.join(', ')}) ${conflict}`
  );
}

function sameKey(key: readonly string[]): string {
  return key
    .map(quoteIdentifier)
    .map((name) => `t.${name} = s.${name}`)
    .join(' and ');
}
