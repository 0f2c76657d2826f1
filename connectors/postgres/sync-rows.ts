import { StageFailure } from '../../pipeline/failure.ts';
import type { RowKey } from '../../pipeline/sync-compare.ts';
import type { PlacedKey } from '../../pipeline/sync-source.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import type { SourceColumn } from './extract-columns.ts';
import { toPostgresFailure } from './failures.ts';
import { quoteIdentifier } from './quote.ts';
import type { OpenedSource, SyncCursor } from './sync-source.ts';

const PAGE = 10_000;

/** Keys that a person named, as the source writes them, each with the SQL that reads it again. */
export interface TypedKeys {
  readonly columns: readonly SourceColumn[];
  readonly types: readonly string[];
  readonly keys: readonly (readonly string[])[];
}

/** @throws StageFailure `invalid_config` for a key that is no value of its columns. */
export async function readKnownKeys(
  { session, relation }: OpenedSource,
  columns: readonly SourceColumn[],
  keys: readonly (readonly string[])[],
): Promise<TypedKeys> {
  const types = await typeNames(session.client, columns);
  const values = types.map((type, at) => `k.c${String(at)}::${type}::text`).join(', ');
  try {
    const { rows } = await session.client.query<string[]>({
      text: `select distinct ${values} from ${keyTable(types)}`,
      values: columnsOf(keys, types.length),
      rowMode: 'array',
    });
    return { columns, types, keys: rows };
  } catch (error) {
    const failure = toPostgresFailure(error, session.where, `read the keys`);
    if (failure.failureClass !== 'data_error') throw failure;
    const named = columns.map(({ name, declared }) => `${name} (${declared})`).join(', ');
    throw new StageFailure(
      'invalid_config',
      `A key is no value of the key columns of ${relation.name}, which are ${named}. ${failure.message} Correct the keys, or name other key columns.`,
      { cause: error, facts: { table: relation.name } },
    );
  }
}

/** Base types without length or precision, for a cast to `varchar(3)` or `numeric(5,2)` would make another key of a value. */
async function typeNames(
  client: OpenedSource['session']['client'],
  columns: readonly SourceColumn[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ type: string }>(
    `select pg_catalog.format_type(t.oid, -1) as type
       from unnest($1::int8[]) with ordinality t(oid, position) order by t.position`,
    [columns.map(({ oid }) => oid)],
  );
  return rows.map(({ type }) => type);
}

/** How many of the keys the table holds. */
export async function countKnownKeys({ session, relation }: OpenedSource, known: TypedKeys): Promise<number> {
  const { rows } = await session.client.query<{ found: string }>(
    `select count(*) as found from ${keyTable(known.types)}
      where exists (select from ${relation.quoted} t where ${sameKey(known)})`,
    columnsOf(known.keys, known.types.length),
  );
  return Number(rows[0]?.found ?? 0);
}

/** The seconds within a time in which rows with these keys lie: milliseconds since 1970, each once, in pages. */
export async function* secondsOfKeys(
  source: OpenedSource,
  { column, type }: SyncCursor,
  known: TypedKeys,
  within: Interval,
): AsyncGenerator<readonly number[]> {
  const { relation } = source;
  const width = known.types.length;
  const sql = `select distinct floor(extract(epoch from t.${column}))::int8
    from ${keyTable(known.types)} join ${relation.quoted} t on ${sameKey(known)}
    where t.${column} >= $${String(width + 1)}::${type} and t.${column} < $${String(width + 2)}::${type}`;
  const bounds = [within.start, within.end].map((instant) => new Date(instant).toISOString());
  for await (const page of pages(source, sql, [...columnsOf(known.keys, width), ...bounds]))
    yield page.map(([second]) => Number(second) * 1000);
}

/** The keys of the rows from the first start until before `end`, in pages; `interval` counts the starts from 0. */
export async function* keysBetween(
  source: OpenedSource,
  { column, type }: SyncCursor,
  keyColumns: readonly SourceColumn[],
  starts: readonly number[],
  end: number,
): AsyncGenerator<readonly PlacedKey[]> {
  const sql = `select width_bucket(t.${column}::${type}, $1::${type}[]) - 1, ${keyTexts(keyColumns)}
    from ${source.relation.quoted} t where t.${column} >= $2::${type} and t.${column} < $3::${type}`;
  const times = starts.map((start) => new Date(start).toISOString());
  for await (const page of pages(source, sql, [times, times[0], new Date(end).toISOString()]))
    yield page.map(([interval, ...key]) => ({ interval: Number(interval), key }));
}

/** The keys of all rows, in pages. */
export async function* allKeys(
  source: OpenedSource,
  keyColumns: readonly SourceColumn[],
): AsyncGenerator<readonly RowKey[]> {
  yield* pages(source, `select ${keyTexts(keyColumns)} from ${source.relation.quoted} t`, []);
}

/** A cursor of the server gives page after page; the consumer may take its time, for the snapshot stays. */
async function* pages(
  { session: { client } }: OpenedSource,
  sql: string,
  values: readonly unknown[],
): AsyncGenerator<readonly (string | null)[][]> {
  await client.query(`declare reefline_sync no scroll cursor for ${sql}`, [...values]);
  for (;;) {
    const text = `fetch ${String(PAGE)} from reefline_sync`;
    const { rows } = await client.query<(string | number | null)[]>({ text, rowMode: 'array' });
    if (rows.length > 0) yield rows.map((row) => row.map((value) => (value === null ? null : String(value))));
    if (rows.length < PAGE) break;
  }
  await client.query('close reefline_sync');
}

function keyTexts(columns: readonly SourceColumn[]): string {
  return columns.map(({ name }) => `t.${quoteIdentifier(name)}::text`).join(', ');
}

/** `unnest($1::text[], $2::text[]) k(c0, c1)` */
function keyTable(types: readonly string[]): string {
  const parameters = types.map((_, at) => `$${String(at + 1)}::text[]`).join(', ');
  return `unnest(${parameters}) k(${types.map((_, at) => `c${String(at)}`).join(', ')})`;
}

function columnsOf(keys: readonly (readonly string[])[], width: number): string[][] {
  return Array.from({ length: width }, (_, at) => keys.map((key) => key[at] ?? ''));
}

function sameKey({ columns, types }: TypedKeys): string {
  return columns
    .map(({ name }, at) => `t.${quoteIdentifier(name)} = k.c${String(at)}::${types[at] ?? 'text'}`)
    .join(' and ');
}
