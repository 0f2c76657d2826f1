import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { withPostgres, type PostgresSession, type PostgresSettings } from './connection.ts';
import { lockPublishing, recordRows, settledRows, type PublishMarker } from './publish-markers.ts';
import { prepareServingTable, servingName, type ServingTable } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

export interface PublishRequest {
  readonly marker: PublishMarker;
  readonly target: ServingTable;
  readonly columns: readonly Column[];
  /** Columns that identify a row. */
  readonly key: readonly string[];
  /** The rows are the whole source table and not only the label's: then an older label has nothing to say after a newer one. */
  readonly wholeTable: boolean;
  /** Called once, and only when there is something to write. Values are PostgreSQL's text for the column's type. */
  readonly pages: () => AsyncIterable<readonly (readonly (string | null)[])[]>;
}

const STAGE = 'pg_temp.reefline_stage';

/**
 * Inserts or updates the rows by key, together with a marker that makes it happen once per revision, and returns their number.
 * Rows wait in a temporary table, so that the transaction is short however slowly they arrive.
 * Throws StageFailure `data_error` for keys that are NULL or not unique, and whatever `pages` throws.
 */
export async function publishRows(settings: PostgresSettings, request: PublishRequest): Promise<number> {
  const doing = `publish ${request.marker.dataset} to table ${request.target.schema}.${request.target.table}`;
  return withPostgres(settings, doing, async (session) => {
    const { client } = session;
    checkKey(request);
    await prepareServingTable(client, request.target, request.columns, request.key);
    const settled = await settledRows(client, request.marker, request.wholeTable);
    if (settled !== undefined) return settled;
    await stageRows(client, request, settings.signal);
    return writeRows(session, request);
  });
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

/** The temporary table has the target's own types, so that COPY checks every value; it goes with the connection. */
async function stageRows(
  client: pg.Client,
  request: PublishRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const columns = request.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  await client.query(
    `create temporary table reefline_stage as select ${columns} from ${servingName(request.target)} with no data`,
  );
  const target = client.query(copyFrom(`copy ${STAGE} (${columns}) from stdin`));
  await pipeline(
    Readable.from(copyLines(request.pages()), { objectMode: true, highWaterMark: 1 }),
    target,
    signal === undefined ? {} : { signal },
  );
}

async function* copyLines(
  pages: AsyncIterable<readonly (readonly (string | null)[])[]>,
): AsyncGenerator<Buffer> {
  for await (const rows of pages) {
    if (rows.length > 0) yield Buffer.from(rows.map((row) => `${row.map(copyValue).join('\t')}\n`).join(''));
  }
}

/** Text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"). */
export function copyValue(value: string | null): string {
  if (value === null) return String.raw`\N`;
  return value.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

async function writeRows({ client }: PostgresSession, request: PublishRequest): Promise<number> {
  await refuseBadKeys(client, request);
  await client.query('begin');
  await lockPublishing(client, request.marker.dataset);
  // A second execution of the same run, or a newer one, may have committed while this one was reading.
  const settled = await settledRows(client, request.marker, request.wholeTable);
  if (settled !== undefined) {
    await client.query('rollback');
    return settled;
  }
  await client.query(upsert(request));
  const counted = await client.query<{ rows: string }>(`select count(*) as rows from ${STAGE}`);
  const rows = Number(counted.rows[0]?.rows ?? 0);
  await recordRows(client, request.marker, rows);
  await client.query('commit');
  return rows;
}

async function refuseBadKeys(client: pg.Client, { key, marker, target }: PublishRequest): Promise<void> {
  const names = key.map(quoteIdentifier);
  const found = await client.query<{ sample: (string | null)[]; copies: string }>(
    `select array[${names.map((name) => `${name}::text`).join(', ')}] as sample, count(*) as copies from ${STAGE}
     group by ${names.join(', ')} having count(*) > 1 or ${names.map((name) => `${name} is null`).join(' or ')} limit 1`,
  );
  const bad = found.rows[0];
  if (bad === undefined) return;
  const values = bad.sample.map((value) => value ?? 'NULL').join(', ');
  const fault = bad.sample.includes(null) ? 'is NULL in a row' : `appears in ${bad.copies} rows`;
  throw new StageFailure(
    'data_error',
    `Key (${key.join(', ')}) = (${values}) ${fault} of label ${marker.timelabel}: ${target.schema}.${target.table} takes each key once and complete. Nothing was written.`,
    { facts: { dataset: marker.dataset, timelabel: marker.timelabel, key: key.join(', '), sample: values } },
  );
}

/** Rows in the order of their key: two runs that meet in one table then wait for each other instead of dying of a deadlock. */
function upsert({ target, columns, key }: PublishRequest): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const keys = key.map(quoteIdentifier);
  const changed = columns
    .filter(({ name }) => !key.includes(name))
    .map(({ name }) => `${quoteIdentifier(name)} = excluded.${quoteIdentifier(name)}`);
  const conflict = changed.length === 0 ? 'do nothing' : `do update set ${changed.join(', ')}`;
  return `insert into ${servingName(target)} (${names.join(', ')}) select ${names.join(', ')} from ${STAGE} order by ${keys.join(', ')} on conflict (${keys.join(', ')}) ${conflict}`;
}
