import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { loadRows } from '../../connectors/postgres/load.ts';
import type { LoadRequest, LoadResult } from '../../connectors/postgres/load-request.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { copyRow } from '../support/copy-rows.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';

const L8 = '20010105080000';
const L9 = '20010105090000';
const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase('load_new_table');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('create schema mart');
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** One file of a batch: its rows wait until the gate opens, if it has one. */
interface File {
  readonly rows: readonly Buffer[];
  readonly gate?: Promise<unknown>;
}

interface Batch extends Partial<Pick<LoadRequest, 'mode' | 'rows' | 'manyRows'>> {
  readonly table: string;
  readonly files: readonly File[];
  readonly timelabel?: string;
  readonly revision?: number;
  readonly count?: number;
  readonly signal?: AbortSignal;
  readonly url?: string;
}

/** Rows `id note`, and how many streams have been asked for them. */
function rowsOf(files: readonly File[], timelabel: string, count?: number) {
  const unread = files.values();
  const asked: string[] = [];
  const rows: LoadRequest['rows'] = {
    columns: [ID, NOTE],
    count: count ?? files.reduce((sum, { rows: { length } }) => sum + length, 0),
    parts: [
      {
        format: 'binary',
        names: ['id', 'note'],
        read: async function* (_, label) {
          asked.push(label);
          for (const { rows: own, gate } of unread) {
            await gate;
            for (const row of own) yield label === 'with label' ? withLabel(row, timelabel) : row;
          }
        },
      },
    ],
  };
  return { rows, asked };
}

function row(id: number, note: string | null): Buffer {
  return copyRow([ID.type, NOTE.type], [BigInt(id), note]);
}

function withLabel(bytes: Buffer, timelabel: string): Buffer {
  const whole = Buffer.concat([bytes, copyRow([NOTE.type], [timelabel]).subarray(2)]);
  whole.writeInt16BE(3);
  return whole;
}

function load({ table, files, timelabel = L8, revision = 1, count, signal, url, ...more }: Batch) {
  const { rows, asked } = rowsOf(files, timelabel, count);
  const outcome: Promise<LoadResult | StageFailure> = loadRows(
    { connection: 'analytics', url: url ?? database.url, signal },
    {
      marker: { dataset: `analytics.mart.${table}`, timelabel, revision },
      table: { schema: 'mart', table },
      mode: 'append',
      key: [],
      manyRows: 1,
      rows,
      ...more,
    },
  ).catch((error: unknown) => {
    if (error instanceof StageFailure) return error;
    throw error;
  });
  return { outcome, asked };
}

const files = (...notes: readonly (readonly string[])[]): File[] => {
  let id = 0;
  return notes.map((each) => ({ rows: each.map((note) => row((id += 1), note)) }));
};

/** A load of two files, of which the second one's row waits until it is opened. */
function held(table: string, signal?: AbortSignal) {
  const gate = Promise.withResolvers<undefined>();
  const loading = load({
    table,
    files: [...files(['a']), { rows: [row(2, 'b')], gate: gate.promise }],
    ...(signal === undefined ? {} : { signal }),
  });
  const open = (): void => {
    gate.resolve(undefined);
  };
  return { ...loading, open };
}

async function rowsIn(table: string): Promise<string[]> {
  const { rows } = await client.query<{ row: string }>(
    `select concat_ws(' ', id, coalesce(note, 'NULL'), substr(reefline_timelabel, 9, 2)) as row from mart."${table}" order by 1`,
  );
  return rows.map((each) => each.row);
}

async function tables(like: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'mart'::regnamespace and relkind = 'r' and relname like $1 order by 1`,
    [like],
  );
  return rows.map(({ name }) => name);
}

/** Ends the connections that are copying, as a server that restarts does. */
async function killCopies(into: string): Promise<void> {
  await eventually(async () => {
    const killed = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like $1`,
      [`copy "mart"."${into}"%`],
    );
    expect(killed.rows.length).toBeGreaterThan(0);
  });
}

describe('a table that is not there yet', () => {
  test('is filled by two connections, and looks as one that was filled row by row', async () => {
    const split = load({ table: 'split', files: files(['a', 'b'], ['c'], ['d']) });
    expect(await split.outcome).toMatchObject({ rows: 4 });
    expect(split.asked).toEqual(['without label', 'without label']);
    const alone = load({ table: 'alone', files: files(['a', 'b'], ['c'], ['d']), manyRows: 5 });
    expect(await alone.outcome).toEqual(await split.outcome);
    expect(alone.asked).toEqual(['with label']);
    expect(await rowsIn('split')).toEqual(['1 a 08', '2 b 08', '3 c 08', '4 d 08']);
    expect(await rowsIn('alone')).toEqual(await rowsIn('split'));
    const { rows } = await client.query(
      `select a.attrelid::regclass::text as table, string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, d.oid), ', ' order by a.attnum) as columns,
         obj_description(a.attrelid, 'pg_class') as comment
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid in ('mart.split'::regclass, 'mart.alone'::regclass) and a.attnum > 0 group by 1, 3 order by 1`,
    );
    const columns = 'id bigint f, note text f, reefline_timelabel text f';
    expect(rows).toEqual([
      { table: 'mart.alone', columns, comment: null },
      { table: 'mart.split', columns, comment: null },
    ]);
    expect(await tables('reefline%')).toEqual([]);
  });

  test('takes the next labels and revisions like any other', async () => {
    await load({ table: 'next', files: files(['a'], ['b']) }).outcome;
    const nine = load({ table: 'next', files: files(['c']), timelabel: L9 });
    expect([await nine.outcome, nine.asked]).toMatchObject([{ rows: 1 }, ['with label']]);
    await load({ table: 'next', files: files(['d']), revision: 2 }).outcome;
    expect(await rowsIn('next')).toEqual(['1 c 09', '1 d 08']);
    const again = load({ table: 'next', files: files(['e']), revision: 2 });
    expect([await again.outcome, again.asked]).toMatchObject([{ rows: 1 }, []]);
  });

  test('is replaced as a whole by the next label of a stage in mode replace', async () => {
    await load({ table: 'whole', files: files(['a'], ['b']), mode: 'replace' }).outcome;
    await load({ table: 'whole', files: files(['c']), mode: 'replace', timelabel: L9 }).outcome;
    expect(await rowsIn('whole')).toEqual(['1 c 09']);
  });

  test('is seen by nobody before all of it is there', async () => {
    const loading = held('hidden');
    await eventually(async () => {
      expect(loading.asked).toHaveLength(2);
      expect(await tables('%hidden')).toEqual(['reefline_new_hidden']);
    });
    loading.open();
    await loading.outcome;
    expect(await rowsIn('hidden')).toEqual(['1 a 08', '2 b 08']);
  });

  test('has the default privileges of its schema', async () => {
    await client.query('create role new_table_reader');
    await client.query('alter default privileges in schema mart grant select on tables to new_table_reader');
    await load({ table: 'granted', files: files(['a'], ['b']) }).outcome;
    const { rows } = await client.query(
      `select has_table_privilege('new_table_reader', 'mart.granted', 'select') as may`,
    );
    expect(rows).toEqual([{ may: true }]);
    await client.query(
      'alter default privileges in schema mart revoke select on tables from new_table_reader',
    );
    await client.query('drop owned by new_table_reader');
    await client.query('drop role new_table_reader');
  });

  test('starts anew after somebody dropped it, whatever its markers say', async () => {
    await load({ table: 'dropped', files: files(['a'], ['b']) }).outcome;
    await client.query('drop table mart.dropped');
    expect(await load({ table: 'dropped', files: files(['c'], ['d']) }).outcome).toMatchObject({ rows: 2 });
    expect(await rowsIn('dropped')).toEqual(['1 c 08', '2 d 08']);
  });

  test('may have the longest name that PostgreSQL takes', async () => {
    const table = 'm'.repeat(63);
    expect(await load({ table, files: files(['a'], ['b']) }).outcome).toMatchObject({ rows: 2 });
    expect(await rowsIn(table)).toEqual(['1 a 08', '2 b 08']);
  });

  test('is filled by one connection where the server has no second one to give', async () => {
    await client.query(`create role only_one login password 'one' connection limit 1`);
    await client.query('grant all on schema mart to only_one');
    await client.query('grant usage on schema reefline to only_one');
    await client.query('grant all on reefline.applied to only_one');
    const url = new URL(database.url);
    url.username = 'only_one';
    url.password = 'one';
    expect(await load({ table: 'single', files: files(['a'], ['b']), url: url.href }).outcome).toMatchObject({
      rows: 2,
    });
    expect(await rowsIn('single')).toEqual(['1 a 08', '2 b 08']);
    await client.query('drop owned by only_one cascade');
    await client.query('drop role only_one');
  });
});

describe('an attempt to fill a new table', () => {
  test('leaves nothing behind when a file has fewer rows than its manifest says', async () => {
    const short = load({ table: 'short', files: files(['a'], ['b']), count: 3 });
    expect(await short.outcome).toMatchObject({
      failureClass: 'data_error',
      message: expect.stringContaining('hold 2 rows, and their manifest says 3'),
    });
    expect(await tables('%short')).toEqual([]);
  });

  test('names the row and the column that the table refuses, and leaves nothing behind', async () => {
    const never = Promise.withResolvers<undefined>();
    const refused = load({
      table: 'refusing',
      files: [{ rows: [row(1, 'a')], gate: never.promise }, ...files(['\0'])],
    });
    await eventually(() => {
      expect(refused.asked).toHaveLength(2);
    });
    setTimeout(() => {
      never.resolve(undefined);
    }, 200);
    expect(await refused.outcome).toMatchObject({
      failureClass: 'data_error',
      message: expect.stringMatching(/COPY reefline_new_refusing, line 1, column note/u),
    });
    expect(await tables('%refusing')).toEqual([]);
  });

  test('that loses a connection leaves nothing that is seen, and the next one starts anew', async () => {
    const dying = held('dying');
    await eventually(() => {
      expect(dying.asked).toHaveLength(2);
    });
    await killCopies('reefline_new_dying');
    dying.open();
    expect(await dying.outcome).toMatchObject({ failureClass: 'unavailable' });
    expect(await tables('dying')).toEqual([]);
    expect(await load({ table: 'dying', files: files(['c'], ['d']) }).outcome).toMatchObject({ rows: 2 });
    expect(await tables('%dying')).toEqual(['dying']);
    expect(await rowsIn('dying')).toEqual(['1 c 08', '2 d 08']);
  });

  test('that is cancelled ends, and what it leaves goes with the next load', async () => {
    const controller = new AbortController();
    const cancelled = held('cancelled', controller.signal);
    await eventually(() => {
      expect(cancelled.asked).toHaveLength(2);
    });
    controller.abort();
    cancelled.open();
    expect(await cancelled.outcome).toMatchObject({ failureClass: 'unavailable' });
    expect(await tables('cancelled')).toEqual([]);
    await eventually(async () => {
      const next = load({ table: 'cancelled', files: files(['c']), manyRows: 5, revision: 2 });
      expect(await next.outcome).toMatchObject({ rows: 1 });
      expect(await tables('%cancelled')).toEqual(['cancelled']);
    });
    expect(await rowsIn('cancelled')).toEqual(['1 c 08']);
  });

  test('that is late and the one that took its place write the rows once', async () => {
    const late = held('late');
    await eventually(() => {
      expect(late.asked).toHaveLength(2);
    });
    const next = load({ table: 'late', files: files(['c'], ['d']) });
    expect([await next.outcome, next.asked]).toMatchObject([{ rows: 2 }, ['with label']]);
    late.open();
    expect(await late.outcome).toMatchObject({ rows: 2 });
    expect(await rowsIn('late')).toEqual(['1 c 08', '2 d 08']);
    expect(await tables('%late')).toEqual(['late']);
  });

  test('whose table another label has made meanwhile is to be repeated, and is then done', async () => {
    const first = held('met');
    await eventually(() => {
      expect(first.asked).toHaveLength(2);
    });
    expect(await load({ table: 'met', files: files(['c']), timelabel: L9 }).outcome).toMatchObject({
      rows: 1,
    });
    first.open();
    expect(await first.outcome).toMatchObject({ failureClass: 'conflict' });
    expect(await tables('%met')).toEqual(['met']);
    expect(await load({ table: 'met', files: files(['a'], ['b']) }).outcome).toMatchObject({ rows: 2 });
    expect(await rowsIn('met')).toEqual(['1 a 08', '1 c 09', '2 b 08']);
  });

  test('never touches a table of somebody else that has the name of its own', async () => {
    await client.query('create table mart.reefline_new_theirs (kept int)');
    const loading = load({ table: 'theirs', files: files(['a'], ['b']) });
    expect([await loading.outcome, loading.asked]).toMatchObject([{ rows: 2 }, ['with label']]);
    expect(await tables('%theirs')).toEqual(['reefline_new_theirs', 'theirs']);
  });
});
