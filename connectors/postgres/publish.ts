import type pg from 'pg';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { withPostgres, type PostgresSettings } from './connection.ts';
import { holdPublishing, settledRows } from './publish-markers.ts';
import type { PublishRequest } from './publish-request.ts';
import { refuseBadKeys, stagePages, STAGED_KEYS, STAGED_ROWS } from './publish-stage.ts';
import { LABEL_COLUMN, prepareServingTable } from './publish-target.ts';
import { writeRows } from './publish-write.ts';

/**
 * Inserts or updates the rows by key, and deletes those that are gone when that is asked for, in one transaction with a marker that makes it
 * happen once per revision. Returns the number of rows that came from the source.
 * Rows wait in a temporary table, so that the transaction is short however slowly they arrive.
 * Throws StageFailure `data_error` for keys that are NULL or not unique and for more deletes than the limit, and whatever `pages` throws.
 */
export async function publishRows(settings: PostgresSettings, request: PublishRequest): Promise<number> {
  const doing = `publish ${request.marker.dataset} to table ${request.target.schema}.${request.target.table}`;
  return withPostgres(settings, doing, async ({ client }) => {
    checkKey(request);
    await prepareServingTable(client, request.target, servingColumns(request), request.key);
    // What is gone is known from one reading of the source. Another run that reads later must not write earlier: its rows would be deleted.
    if (request.gone !== undefined) await holdPublishing(client, request.marker.dataset);
    const settled = await settledRows(client, request.marker, request.wholeTable);
    if (settled !== undefined) return settled;
    await stage(client, request, settings.signal);
    return writeRows(client, request);
  });
}

/** Rows that Reefline may delete have the label that brought them; others of the table have none. */
function servingColumns({ columns, gone }: PublishRequest): readonly Column[] {
  if (gone?.of !== 'published') return columns;
  return [...columns, { name: LABEL_COLUMN, type: { kind: 'text' }, nullable: true }];
}

async function stage(
  client: pg.Client,
  request: PublishRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { target, columns, key, gone, pages } = request;
  const names = columns.map(({ name }) => name);
  await stagePages(client, { staging: STAGED_ROWS, target, columns: names }, pages(), signal);
  await refuseBadKeys(client, request);
  if (gone?.keys === undefined) return;
  await stagePages(client, { staging: STAGED_KEYS, target, columns: key }, gone.keys(), signal);
}

function checkKey({ columns, key, target }: PublishRequest): void {
  const names = columns.map((column) => column.name);
  const missing = key.filter((name) => !names.includes(name));
  if (key.length > 0 && missing.length === 0) return;
  const reason =
    key.length === 0
      ? 'names no key'
      : `names key column ${missing.map((name) => `"${name}"`).join(', ')}, which the source lacks`;
  throw new StageFailure(
    'invalid_config',
    `The publish to ${target.schema}.${target.table} ${reason}. The columns are ${names.join(', ')}.`,
  );
}
