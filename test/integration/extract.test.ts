import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { extractTable } from '../../connectors/postgres/extract.ts';
import { eventually } from '../support/eventually.ts';
import {
  extractRun,
  extractTools,
  openExtractSource,
  readStaged,
  type ExtractSource,
} from '../support/extract-run.ts';
import { duckDbType, readWithDuckDb } from '../support/parquet-readers.ts';

let source: ExtractSource;
beforeAll(async () => {
  source = await openExtractSource('extract');
});
afterAll(() => source.close());

/** Microseconds since 1970 of the first and the last moment of the years 1 to 9999. */
const FIRST_MICROS = -62_135_596_800_000_000n;
const LAST_MICROS = 253_402_300_799_999_999n;

describe('A user with no right but to read the table', () => {
  test('extracts the chosen columns of the rows that changed, and is told the rights that it lacks', async () => {
    await source.query(`
      create schema readable;
      create table readable.changed (id int4, at timestamptz, secret text, odd interval);
      insert into readable.changed values (1, '2001-01-05 08:10Z', 's', '1 day'), (2, '2001-01-05 09:10Z', 's', null);
      create role only_reads login password 'reads';
      grant usage on schema readable to only_reads`);
    const url = new URL(source.database.url);
    url.username = 'only_reads';
    url.password = 'reads';
    const work = {
      from: 'shop.readable.changed',
      mode: 'incremental_update' as const,
      cursor: 'at',
      key: ['id'],
      exclude: ['odd', 'secret'],
    };
    const run = { table: 'changed', timelabel: '20010105080000', work };
    try {
      const lacking = await source.failureOf(run, url.href);
      expect(lacking).toMatchObject({ failureClass: 'unauthorized', facts: { code: '42501' } });
      expect(lacking.message).toContain('select on the table and usage on the schema');
      await source.query('grant select on readable.changed to only_reads');
      const output = await extractStage(extractRun(run), extractTools(url.href, source.bucket));
      expect(output.columns?.map(({ name }) => name)).toEqual(['id', 'at']);
      expect(await source.rowsOf(output)).toEqual([[1, 978_682_200_000_000n]]);
    } finally {
      await source.query('drop owned by only_reads; drop role only_reads');
    }
  });
});

describe('A snapshot', () => {
  test('holds every supported type and awkward value unchanged', async () => {
    // A number has more scales than digits, and fewer than none, since PostgreSQL 15.
    const [coarse, fine, rounded] =
      source.majorVersion >= 15
        ? ['numeric(5,-2)', 'numeric(2,5)', '12345']
        : ['numeric(7)', 'numeric(5,5)', '12300'];
    await source.query(`
      create domain price as numeric(10,2);
      create table awkward (
        "Id" int8 not null, yes bool, small int2, four int4, f4 float4, f8 float8, amount numeric(12,4),
        wide numeric(38,10), coarse ${coarse}, fine ${fine}, cost price, day date, wall timestamp,
        at timestamptz, "te""xt" text, code varchar(9), padded char(5), gone int4, doc json, docb jsonb, ref uuid,
        body bytea, double int8 generated always as ("Id" * 2) stored);
      alter table awkward drop column gone;
      insert into awkward values
        (1, true, -32768, 2147483647, 1.5, 1e308, -99999999.9999, 1234567890123456789012345678.0123456789, ${rounded},
         0.00012, -0.01, '0001-01-01', '9999-12-31 23:59:59.999999', '2001-01-05 08:00:00.000001+02',
         E'a\\r\\n\\t"é😀\\u2028', '', 'ab', '{"a":  1}', '{"b": 1.0000000000000000001}',
         'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '\\x00ff'),
        (-2, null, null, null, 'NaN', '-Infinity', 0, -0.0000000001, 0, 0, 5, '9999-12-31', '0001-01-01', 'epoch',
         '', null, '', null, 'null', null, '');
      insert into awkward ("Id") values (3)`);
    const output = await source.extract({ table: 'awkward' });
    const first = [1n, true, -32_768, 2_147_483_647, 1.5, 1e308, -999_999_999_999n];
    const second = [
      -2n,
      null,
      null,
      null,
      NaN,
      -Infinity,
      0n,
      -1n,
      0n,
      0n,
      500n,
      2_932_896,
      FIRST_MICROS,
      0n,
    ];
    expect(output).toMatchObject({ rows: 3 });
    expect(await source.rowsOf(output)).toEqual([
      [
        ...[...first, 12_345_678_901_234_567_890_123_456_780_123_456_789n, 12_300n, 12n, -1n, -719_162],
        ...[LAST_MICROS, 978_674_400_000_001n, 'a\r\n\t"é😀\u2028', '', 'ab   ', '{"a":  1}'],
        ...[
          '{"b": 1.0000000000000000001}',
          'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
          new Uint8Array([0, 255]),
          2n,
        ],
      ],
      [...second, '', null, '     ', null, 'null', null, new Uint8Array(), -4n],
      [3n, ...Array.from({ length: 20 }, () => null), 6n],
    ]);
  });

  test('describes its columns in the order of the table, in the manifest and in the files alike', async () => {
    await source.query(`
      create table described (id int4 not null, price numeric(9,2) not null, at timestamptz, wall timestamp, doc jsonb);
      insert into described values (1, 1, now(), now(), '{}')`);
    const output = await source.extract({ table: 'described' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const { types } = await readWithDuckDb(files, manifest.reefline.columns);
    expect(output.columns).toEqual([
      { name: 'id', type: { kind: 'int32' }, nullable: false },
      { name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: false },
      { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true },
      { name: 'wall', type: { kind: 'timestamp', zoned: false }, nullable: true },
      { name: 'doc', type: { kind: 'json' }, nullable: true },
    ]);
    expect(manifest.reefline.columns).toEqual(output.columns);
    expect(types).toEqual(manifest.reefline.columns.map(duckDbType));
  });

  test('keeps exact duplicates and names each file with its rows and bytes', async () => {
    await source.query(`
      create table twins (name text, size int4);
      insert into twins values ('a', 1), ('a', 1), (null, null), (null, null), ('b', 2)`);
    const output = await source.extract({ table: 'twins' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const folder = `s3://${source.bucket}/stage/shop/twins/20010105080000/r1`;
    expect(output).toMatchObject({ rows: 5, bytes: files[0]?.length, uri: `${folder}/manifest.json` });
    expect(manifest).toMatchObject({
      entries: [
        {
          url: `${folder}/a1/part-00000.parquet`,
          mandatory: true,
          meta: { content_length: files[0]?.length, rows: 5 },
        },
      ],
      reefline: { dataset: 'lake.shop.twins', timelabel: '20010105080000', revision: 1, rows: 5 },
    });
    expect(await source.rowsOf(output)).toEqual([
      ['a', 1],
      ['a', 1],
      [null, null],
      [null, null],
      ['b', 2],
    ]);
  });

  test('of an empty table, of a view and of a partitioned table is a success', async () => {
    await source.query(`
      create table nothing (id int4);
      create view squares as select g::int4 as id, (g * g)::int8 as square from generate_series(1, 3) g;
      create table parted (id int4, region text) partition by list (region);
      create table parted_north partition of parted for values in ('north');
      insert into parted values (1, 'north')`);
    const empty = await source.extract({ table: 'nothing' });
    const { manifest } = await readStaged(source.s3, empty.uri);
    expect(empty).toMatchObject({ rows: 0, bytes: 0 });
    expect(manifest).toMatchObject({ entries: [], reefline: { rows: 0, bytes: 0 } });
    expect(await source.rowsOf(await source.extract({ table: 'squares' }))).toEqual([
      [1, 1n],
      [2, 4n],
      [3, 9n],
    ]);
    expect(await source.rowsOf(await source.extract({ table: 'parted' }))).toEqual([[1, 'north']]);
  });

  test('of more rows than a file holds is several files without a gap', async () => {
    await source.query(
      'create view many as select g::int4 as id, repeat(md5(g::text), 3) as note from generate_series(1, 1100000) g',
    );
    const output = await source.extract({ table: 'many' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const { rows } = await readWithDuckDb(files, manifest.reefline.columns, {
      select:
        'count(*)::integer, count(distinct c0)::integer, sum(c0)::varchar, bool_and(c1 = repeat(md5(c0::varchar), 3))',
    });
    expect(manifest.entries.length).toBeGreaterThan(2);
    expect(rows).toEqual([[1_100_000, 1_100_000, '605000550000', true]]);
  });

  test('of rows larger than any read of the socket is complete', async () => {
    await source.query(`create view large as
      select g::int4 as id, repeat(chr(96 + g::int4), 3000000 + g::int4) as body from generate_series(1, 12) g`);
    const output = await source.extract({ table: 'large' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const { rows } = await readWithDuckDb(files, manifest.reefline.columns, {
      select: 'count(*)::integer, bool_and(c1 = repeat(chr(96 + c0), 3000000 + c0))',
    });
    expect(rows).toEqual([[12, true]]);
  });
});

describe('A large table, read by several connections at once,', () => {
  /** Waits until Reefline has so many connections to the database. */
  const connected = (count: number): Promise<void> =>
    eventually(async () => {
      const { rows } = await source.query(`
        select count(*)::int4 as n from pg_stat_activity
        where datname = current_database() and application_name = 'reefline'`);
      expect(rows[0]?.['n']).toBe(count);
    });
  /** Rows that each connection reads: PostgreSQL 12 and 13 would read all blocks to find some. */
  const shares = (): number[] => (source.majorVersion >= 14 ? [2733, 2733, 2734] : [8200]);
  const request = { schema: 'public', table: 'wide', choice: { exclude: ['pad'] }, parallel: 3 };
  const work = { exclude: ['pad'], parallel: 3 };

  beforeAll(async () => {
    // A row fills a block: 64 MiB and a little more.
    await source.query(`
      create unlogged table wide (id int4, n int4, at timestamp, pad text) with (autovacuum_enabled = off);
      alter table wide alter pad set storage plain;
      insert into wide select g, 0, 'epoch', repeat('x', 8000) from generate_series(0, 8199) g`);
  });

  test('comes from one moment, whatever is written while it is read', async () => {
    const ids: number[] = [];
    const counts: number[] = [];
    await extractTable({ connection: 'shop', url: source.database.url }, request, async (table) => {
      // Rows move to other blocks, go and come: before the first range is read, and before the last one is.
      const write = async (n: number): Promise<void> => {
        await source.query(`
          update wide set n = ${String(n)} where id % 3 = 0; delete from wide where id % 7 = ${String(n)};
          insert into wide select -1 - g, ${String(n)}, 'epoch', '' from generate_series(1, 500) g`);
      };
      await write(1);
      const ranges = table.rows();
      await connected(shares().length);
      for (const range of ranges) {
        let rows = 0;
        while (await range.more()) {
          range.take((_, view, at) => {
            rows += 1;
            ids.push(view.getInt32(at + 6));
            expect(view.getInt32(at + 14)).toBe(0);
          });
        }
        counts.push(rows);
        await write(1 + counts.length);
      }
    });
    expect(counts).toEqual(shares());
    expect(ids.sort((one, other) => one - other)).toEqual(Array.from({ length: 8200 }, (_, id) => id));
    await connected(0);
  });

  test('is staged in files of each range, and read by one where the server has no more to give', async () => {
    await source.query(`truncate wide; insert into wide select g, 0, 'epoch', repeat('x', 8000) from generate_series(0, 8199) g;
      create role reads_alone login password 'reads_alone' connection limit 1;
      grant select on wide to reads_alone`);
    const url = new URL(source.database.url);
    url.username = url.password = 'reads_alone';
    try {
      const several = await readStaged(source.s3, (await source.extract({ table: 'wide', work })).uri);
      const run = extractRun({ table: 'wide', work, attempt: 2 });
      const output = await extractStage(run, extractTools(url.href, source.bucket));
      const single = await readStaged(source.s3, output.uri);
      const files = ({ manifest }: typeof single): unknown[] =>
        manifest.entries.map(({ url: uri, meta }) => [uri.replace(/^.*r1/u, ''), meta.rows]);
      expect(files(several)).toEqual(
        shares().map((rows, at) => [`/a1/part-0000${String(at)}.parquet`, rows]),
      );
      expect(files(single)).toEqual([['/a2/part-00000.parquet', 8200]]);
      const content = (read: typeof single) => readWithDuckDb(read.files, read.manifest.reefline.columns);
      expect((await content(several)).rows).toEqual((await content(single)).rows);
    } finally {
      await source.query('drop owned by reads_alone; drop role reads_alone');
    }
  });

  test('fails as a whole when one range does, with its reason, and leaves nobody at the server', async () => {
    await source.query(`update wide set at = 'infinity' where id = 8199`);
    expect(await source.failureOf({ table: 'wide', work, attempt: 3 })).toMatchObject({
      failureClass: 'data_error',
      message: expect.stringContaining('shop.public.wide.at of type timestamp holds infinity'),
    });
    await connected(0);
  });

  test('is left by all of them when it is cancelled', async () => {
    const cancelled = new AbortController();
    const settings = { connection: 'shop', url: source.database.url, signal: cancelled.signal };
    // With its long texts, so that most of it is still to come.
    const outcome = extractTable(settings, { ...request, choice: {} }, async (table) => {
      const ranges = table.rows();
      await connected(shares().length);
      cancelled.abort();
      await Promise.all(
        ranges.map(async (range) => {
          while (await range.more()) range.take(() => undefined);
        }),
      );
    });
    await expect(outcome).rejects.toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    await connected(0);
  });
});

describe('An extract by interval', () => {
  const hour = { timelabel: '20010105080000' };

  beforeAll(async () => {
    await source.query(`
      create table events (id int4, at timestamptz, wall timestamp, day date);
      insert into events values
        (1, '2001-01-05 07:59:59.999999Z', '2001-01-05 07:59:59.999999', '2001-01-04'),
        (2, '2001-01-05 08:00Z', '2001-01-05 08:00', '2001-01-05'),
        (3, '2001-01-05 08:59:59.999999Z', '2001-01-05 08:59:59.999999', '2001-01-05'),
        (4, '2001-01-05 09:00Z', '2001-01-05 09:00', '2001-01-06'),
        (5, null, null, null)`);
    await source.query(`alter database "${source.database.name}" set timezone to 'Asia/Tokyo'`);
  });

  test.each(['at', 'wall'])(
    'by the cursor %s takes its start, leaves its end, and knows no other zone than UTC',
    async (cursor) => {
      const rows = await source.rowsOf(await source.extract({ table: 'events', cursor, ...hour }));
      expect(rows.map(([id]) => id)).toEqual([2, 3]);
    },
  );

  test('by a date places each row at its midnight', async () => {
    const atMidnight = await source.extract({ table: 'events', cursor: 'day', timelabel: '20010105000000' });
    expect((await source.rowsOf(atMidnight)).map(([id]) => id)).toEqual([2, 3]);
    expect(await source.extract({ table: 'events', cursor: 'day', ...hour })).toMatchObject({ rows: 0 });
  });

  test('in which nothing happened is a success with no file', async () => {
    const output = await source.extract({ table: 'events', cursor: 'at', timelabel: '20010105120000' });
    const { manifest } = await readStaged(source.s3, output.uri);
    expect(output).toMatchObject({ rows: 0, bytes: 0 });
    expect(manifest.entries).toEqual([]);
  });
});
