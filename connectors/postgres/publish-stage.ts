import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { StageFailure } from '../../pipeline/failure.ts';
import { hasRoom, refuseForRoom, textRoom, type TextRoom } from '../../pipeline/text-room.ts';
import type { PublishRequest, TextPages } from './publish-request.ts';
import { servingName, type ServingTable } from './publish-target.ts';
import { quoteIdentifier } from './quote.ts';

/** Temporary tables of a publish: the rows to write, and the keys of all rows of the source. */
export const STAGED_ROWS = 'reefline_stage';
export const STAGED_KEYS = 'reefline_keys';

export function stagedName(staging: string): string {
  return `pg_temp.${quoteIdentifier(staging)}`;
}

interface Staging {
  readonly staging: string;
  readonly target: ServingTable;
  readonly columns: readonly string[];
}

/**
 * The temporary table has the target's own types, so that COPY checks every value; it goes with the connection.
 * @throws StageFailure `data_error` for a text that the server would cut or fill up without an error; what `pages` throws.
 */
export async function stagePages(
  client: pg.Client,
  { staging, target, columns }: Staging,
  pages: TextPages,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = columns.map(quoteIdentifier).join(', ');
  await client.query(
    `create temporary table ${quoteIdentifier(staging)} as select ${names} from ${servingName(target)} with no data`,
  );
  const rooms = await textRooms(client, staging, columns);
  await pipeline(
    Readable.from(copyLines(withRoom(pages, { target, columns, rooms })), {
      objectMode: true,
      highWaterMark: 1,
    }),
    client.query(copyFrom(`copy ${stagedName(staging)} (${names}) from stdin`)),
    signal === undefined ? {} : { signal },
  );
  // Nothing else tells the planner how many rows wait here, and they are joined with a table of any size.
  await client.query(`analyze ${stagedName(staging)}`);
}

/** For each column, in their order. */
async function textRooms(
  client: pg.Client,
  staging: string,
  columns: readonly string[],
): Promise<readonly (TextRoom | undefined)[]> {
  const found = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_catalog.pg_attribute
     where attrelid = to_regclass($1) and attnum > 0`,
    [stagedName(staging)],
  );
  const types = new Map(found.rows.map(({ name, type }) => [name, type]));
  return columns.map((name) => textRoom(types.get(name) ?? ''));
}

/** The same pages, with every text looked at that goes into a column of a declared length. */
async function* withRoom(
  pages: TextPages,
  {
    target,
    columns,
    rooms,
  }: Omit<Staging, 'staging'> & { readonly rooms: readonly (TextRoom | undefined)[] },
): TextPages {
  const limited = rooms.flatMap((room, at) => (room === undefined ? [] : [{ room, at }]));
  for await (const rows of pages) {
    for (const { room, at } of limited)
      for (const row of rows) {
        const text = row[at] ?? null;
        if (text === null || (!room.exact && text.length <= room.characters)) continue;
        const { length } = Array.from(text);
        if (!hasRoom(room, length))
          throw refuseForRoom(`${target.schema}.${target.table}`, columns[at] ?? '', room, { text, length });
      }
    yield rows;
  }
}

async function* copyLines(pages: TextPages): AsyncGenerator<Buffer> {
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

/** Throws StageFailure `data_error` for a key of the staged rows that is NULL or not unique. */
export async function refuseBadKeys(
  client: pg.Client,
  { key, marker, target }: Pick<PublishRequest, 'key' | 'marker' | 'target'>,
): Promise<void> {
  const names = key.map(quoteIdentifier);
  const found = await client.query<{ sample: (string | null)[]; copies: string }>(
    `select array[${names.map((name) => `${name}::text`).join(', ')}] as sample, count(*) as copies from ${stagedName(STAGED_ROWS)}
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
