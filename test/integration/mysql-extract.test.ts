import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readStaged } from '../support/extract-run.ts';
import {
  describeMysql,
  describeWhere,
  HAS_INVISIBLE_COLUMNS,
  MAKER,
  openMysqlSource,
  type MysqlSource,
} from '../support/mysql-source.ts';
import { duckDbType, readWithDuckDb } from '../support/parquet-readers.ts';

/** Microseconds since 1970 of the first and the last moment of the years 1 to 9999. */
const FIRST_MICROS = -62_135_596_800_000_000n;
const LAST_MICROS = 253_402_300_799_999_999n;
/** 2001-01-05 06:00:00.000001 UTC, which is 08:00 in the session that stores it. */
const AT = 978_674_400_000_001n;

describeMysql('An extract from MySQL', () => {
  let source: MysqlSource;
  beforeAll(async () => {
    source = await openMysqlSource('mysql-extract');
  });
  afterAll(() => source.close());

  describe('as a snapshot', () => {
    test('holds every supported type and awkward value unchanged', async () => {
      await source.query(
        `create table awkward (
           id bigint not null primary key, yes boolean, tiny tinyint, utiny tinyint unsigned, small smallint,
           usmall smallint unsigned, med mediumint, umed mediumint unsigned, i int, ui int unsigned, big bigint,
           ubig bigint unsigned, padded int(8) unsigned zerofill, b1 bit, b12 bit(12), b63 bit(63), b64 bit(64),
           f float, d double, price decimal(9,2), amount decimal(15,4), long_amount decimal(18,6),
           wide decimal(38,10), whole decimal(20), zeros decimal(12,4) zerofill)`,
        `insert into awkward values
           (1, true, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, 9223372036854775807,
            18446744073709551615, 42, 1, 4095, b'111111111111111111111111111111111111111111111111111111111111111',
            18446744073709551615, 16777217, 1.7976931348623157e308, 9999999.99, -99999999999.9999, 999999999999.999999,
            1234567890123456789012345678.0123456789, 99999999999999999999, 1.5),
           (-9223372036854775808, false, 127, 0, 32767, 0, 8388607, 0, 2147483647, 0, -9223372036854775808, 0, 0, 0, 0,
            0, 0, -1.17549e-38, -2.2250738585072014e-308, -0.01, 0.0001, -0.000001, -0.0000000001, -1, 0)`,
        'insert into awkward (id) values (3)',
      );
      const output = await source.extract({ table: 'awkward' });
      const sorted = [...(await source.rowsOf(output))].sort((a, b) =>
        Number(a[0]) < Number(b[0]) ? -1 : 1,
      );
      expect(sorted).toEqual([
        [
          ...[-9_223_372_036_854_775_808n, false, 127, 0, 32_767, 0, 8_388_607, 0, 2_147_483_647, 0n],
          ...[-9_223_372_036_854_775_808n, 0n, 0n, false, 0n, 0n, 0n, Math.fround(-1.17549e-38)],
          ...[-2.2250738585072014e-308, -1n, 1n, -1n, -1n, -1n, 0n],
        ],
        [
          ...[1n, true, -128, 255, -32_768, 65_535, -8_388_608, 16_777_215, -2_147_483_648, 4_294_967_295n],
          ...[9_223_372_036_854_775_807n, 18_446_744_073_709_551_615n, 42n, true, 4_095n],
          ...[9_223_372_036_854_775_807n, 18_446_744_073_709_551_615n, 16_777_216, 1.7976931348623157e308],
          ...[999_999_999n, -999_999_999_999_999n, 999_999_999_999_999_999n],
          ...[12_345_678_901_234_567_890_123_456_780_123_456_789n, 99_999_999_999_999_999_999n, 15_000n],
        ],
        [3n, ...Array.from({ length: 24 }, () => null)],
      ]);
    });

    test('takes times as UTC, whatever zone the server and its sessions have', async () => {
      await source.query(
        "set global time_zone = '+05:30'",
        "set time_zone = '+02:00'",
        `create table times (id int primary key, day date, wall datetime(6), at timestamp(6) null, coarse timestamp null,
           of_day time(6), short_time time, born year)`,
        `insert into times values
           (1, '0001-01-01', '9999-12-31 23:59:59.999999', '2001-01-05 08:00:00.000001', '2001-01-05 08:00:00',
            '-838:59:59.000000', '00:00:01', 1901),
           (2, '9999-12-31', '0001-01-01', '1970-01-01 02:00:01', '2038-01-19 05:14:07', '12:34:56.789', '-01:00', 2155),
           (3, '2000-02-29', '1900-02-28 23:59:59.5', null, null, null, null, 0),
           (4, '1969-12-31', '1969-12-31 23:59:59.999999', null, null, '00:00', '838:59:59', null)`,
      );
      try {
        const output = await source.extract({ table: 'times' });
        expect(await source.rowsOf(output)).toEqual([
          [1, -719_162, LAST_MICROS, AT, AT - 1n, '-838:59:59.000000', '00:00:01', 1901],
          [
            2,
            2_932_896,
            FIRST_MICROS,
            1_000_000n,
            2_147_483_647_000_000n,
            '12:34:56.789000',
            '-01:00:00',
            2155,
          ],
          [3, 11_016, -2_203_891_200_500_000n, null, null, null, null, 0],
          [4, -1, -1n, null, null, '00:00:00.000000', '838:59:59', null],
        ]);
        expect(output.columns?.map(({ type }) => type)).toEqual([
          { kind: 'int32' },
          { kind: 'date' },
          { kind: 'timestamp', zoned: false },
          { kind: 'timestamp', zoned: true },
          { kind: 'timestamp', zoned: true },
          { kind: 'text' },
          { kind: 'text' },
          { kind: 'int16' },
        ]);
      } finally {
        await source.query('set global time_zone = default', 'set time_zone = default');
      }
    });

    test('keeps texts and bytes of every character set', async () => {
      await source.query(
        `create table texts (
           id int primary key, utf8 text character set utf8mb4, latin varchar(40) character set latin1,
           cyrillic varchar(40) character set cp1251, japanese varchar(40) character set sjis,
           wide varchar(40) character set utf16, plain char(5) character set ascii, bits binary(4), body blob,
           size enum('small','large, "x"'), extras set('a','b','c'), doc json)`,
        `insert into texts values
           (1, 'a\\r\\n\\t"é😀\\u2028\\\\ \\'', 'Größe €', 'привет?', '日本語', '😀', 'ab', x'00ff', x'00ff80', 'large, "x"',
            'a,c', '{"b":  2.5000000000000000001}'),
           (2, '', '', '', '', '', '', '', '', 'small', '', 'null'),
           (3, null, null, null, null, null, null, null, null, null, null, null)`,
      );
      const output = await source.extract({ table: 'texts' });
      expect(await source.rowsOf(output)).toEqual([
        [
          ...[1, 'a\r\n\t"é😀u2028\\ \'', 'Größe €', 'привет?', '日本語', '😀', 'ab'],
          ...[new Uint8Array([0, 255, 0, 0]), new Uint8Array([0, 255, 128]), 'large, "x"', 'a,c'],
          // MySQL keeps JSON in a form of its own, MariaDB as the text that it was.
          MAKER === 'MariaDB' ? '{"b":  2.5000000000000000001}' : '{"b": 2.5}',
        ],
        [2, '', '', '', '', '', '', new Uint8Array(4), new Uint8Array(), 'small', '', 'null'],
        [3, ...Array.from({ length: 11 }, () => null)],
      ]);
    });

    describeWhere(MAKER === 'MariaDB', 'of identifiers and addresses', () => {
      test('takes them as their texts', async () => {
        await source.query(
          'create table addresses (id int primary key, ref uuid, four inet4, six inet6)',
          "insert into addresses values (1, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '10.0.0.1', '2001:db8::ff'), (2, null, null, null)",
        );
        expect(await source.rowsOf(await source.extract({ table: 'addresses' }))).toEqual([
          [1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '2001:db8::ff'],
          [2, null, null, null],
        ]);
      });
    });

    test('describes its columns in the order of the table, in the manifest and in the files alike', async () => {
      await source.query(
        `create table described (id int unsigned not null, price decimal(9,2) not null, at timestamp null, doc json,
           ubig bigint unsigned, flag tinyint(1) not null)`,
        "insert into described values (1, 1, now(), '{}', 1, 1)",
      );
      const output = await source.extract({ table: 'described' });
      const { manifest, files } = await readStaged(source.s3, output.uri);
      const { types } = await readWithDuckDb(files, manifest.reefline.columns);
      expect(output.columns).toEqual([
        { name: 'id', type: { kind: 'int64' }, nullable: false },
        { name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: false },
        { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true },
        // MariaDB's JSON is another name of LONGTEXT; MySQL has a type of its own.
        { name: 'doc', type: { kind: MAKER === 'MariaDB' ? 'text' : 'json' }, nullable: true },
        { name: 'ubig', type: { kind: 'decimal', precision: 20, scale: 0 }, nullable: true },
        { name: 'flag', type: { kind: 'boolean' }, nullable: false },
      ]);
      expect(manifest.reefline.columns).toEqual(output.columns);
      expect(types).toEqual(manifest.reefline.columns.map(duckDbType));
    });

    test('keeps exact duplicates and names each file with its rows and bytes', async () => {
      await source.query(
        'create table twins (name text, size int)',
        "insert into twins values ('a', 1), ('a', 1), (null, null), (null, null), ('b', 2)",
      );
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

    test('of an empty table, of a view, of a partitioned table and of one without InnoDB is a success', async () => {
      await source.query(
        'create table nothing (id int)',
        'create table parted (id int) partition by hash (id) partitions 3',
        'insert into parted values (7)',
        `create view squares as
           select 1 as one, id, id * id as square, cast(id as char) as text, 1.5 as ratio from parted`,
        'create table old_engine (id int) engine = MyISAM',
        'insert into old_engine values (1), (2)',
      );
      const empty = await source.extract({ table: 'nothing' });
      const { manifest } = await readStaged(source.s3, empty.uri);
      expect(empty).toMatchObject({ rows: 0, bytes: 0 });
      expect(manifest).toMatchObject({ entries: [], reefline: { rows: 0, bytes: 0 } });
      expect(await source.rowsOf(await source.extract({ table: 'squares' }))).toEqual([
        [1, 7, 49n, '7', 15n],
      ]);
      expect(await source.rowsOf(await source.extract({ table: 'parted' }))).toEqual([[7]]);
      expect(await source.rowsOf(await source.extract({ table: 'old_engine' }))).toEqual([[1], [2]]);
    });
  });

  test('of more rows than a file holds is two files without a gap', async () => {
    await source.query(
      `create view many as select cast(seq as signed) as id, md5(seq) as note from ${await source.numbers(510_000)}`,
    );
    const output = await source.extract({ table: 'many' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const { rows } = await readWithDuckDb(files, manifest.reefline.columns, {
      select:
        'count(*)::integer, count(distinct c0)::integer, sum(c0)::varchar, bool_and(c1 = md5(c0::varchar))',
    });
    expect(manifest.entries).toHaveLength(2);
    expect(rows).toEqual([[510_000, 510_000, '130050255000', true]]);
  });

  test('of rows larger than any read of the socket, and than any packet, is complete', async () => {
    await source.query(
      `create view large as select cast(seq as signed) as id, repeat(char(96 + seq using utf8mb4), 3000000 + seq) as body
         from ${await source.numbers(12)} union all select 13, repeat(char(109 using utf8mb4), 17000000)`,
    );
    const output = await source.extract({ table: 'large' });
    const { manifest, files } = await readStaged(source.s3, output.uri);
    const { rows } = await readWithDuckDb(files, manifest.reefline.columns, {
      select:
        'count(*)::integer, bool_and(c1 = if(c0 = 13, repeat(chr(109), 17000000), repeat(chr((96 + c0)::integer), 3000000 + c0)))',
    });
    expect(rows).toEqual([[13, true]]);
  });

  describe('by interval', () => {
    const hour = { timelabel: '20010105080000' };

    beforeAll(async () => {
      await source.query(
        "set time_zone = '+00:00'",
        'create table events (id int, at timestamp(6) null, wall datetime(6), coarse datetime, day date, index (wall))',
        `insert into events values
           (1, '2001-01-05 07:59:59.999999', '2001-01-05 07:59:59.999999', '2001-01-05 07:59:59', '2001-01-04'),
           (2, '2001-01-05 08:00', '2001-01-05 08:00', '2001-01-05 08:00', '2001-01-05'),
           (3, '2001-01-05 08:59:59.999999', '2001-01-05 08:59:59.999999', '2001-01-05 08:59:59', '2001-01-05'),
           (4, '2001-01-05 09:00', '2001-01-05 09:00', '2001-01-05 09:00', '2001-01-06'),
           (5, null, null, null, null)`,
        "set global time_zone = '+09:00'",
      );
    });
    afterAll(() => source.query('set global time_zone = default'));

    test.each(['at', 'wall', 'coarse'])(
      'with the cursor %s takes its start, leaves its end, and knows no other zone than UTC',
      async (cursor) => {
        const rows = await source.rowsOf(await source.extract({ table: 'events', cursor, ...hour }));
        expect(rows.map(([id]) => id)).toEqual([2, 3]);
      },
    );

    test('with a date places each row at its midnight', async () => {
      const atMidnight = await source.extract({
        table: 'events',
        cursor: 'day',
        timelabel: '20010105000000',
      });
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

  test('stages zero dates as NULL where the stage says so, and nothing else', async () => {
    await source.query(
      'create table zeros (id int primary key, day date not null, at timestamp not null default 0, wall datetime)',
      "insert into zeros values (1, '0000-00-00', '0000-00-00', '0000-00-00 00:00:00'), (2, '2001-01-05', '2001-01-05', null)",
    );
    const output = await source.extract({ table: 'zeros', work: { zeroDates: 'as_null' } });
    expect(output.columns?.map(({ nullable }) => nullable)).toEqual([false, true, true, true]);
    expect((await source.rowsOf(output)).map((row) => row.map((value) => value === null))).toEqual([
      [false, true, true, true],
      [false, false, false, true],
    ]);
    await source.query("insert into zeros values (3, '2001-00-05', '2001-01-05', null)");
    const failure = await source.failureOf({ table: 'zeros', work: { zeroDates: 'as_null' } });
    expect(failure.message).toContain('.zeros.day of type date holds the date 2001-00-05');
  });

  test('stages the chosen columns of the rows that changed, also beside one of a refused type', async () => {
    await source.query(
      'create table chosen (id int, at datetime, secret text, place point)',
      "insert into chosen values (1, '2001-01-05 08:10:00', 's', null), (2, '2001-01-05 09:10:00', 's', null)",
    );
    const work = {
      mode: 'incremental_update' as const,
      cursor: 'at',
      key: ['id'],
      exclude: ['secret', 'place'],
    };
    const output = await source.extract({ table: 'chosen', timelabel: '20010105080000', work });
    expect(output.columns?.map(({ name }) => name)).toEqual(['id', 'at']);
    expect(await source.rowsOf(output)).toEqual([[1, 978_682_200_000_000n]]);
  });

  describeWhere(HAS_INVISIBLE_COLUMNS, 'of invisible columns', () => {
    test('leaves them out, as SELECT * does', async () => {
      await source.query(
        'create table hiding (id int, secret int invisible default 7)',
        'insert into hiding values (1)',
      );
      const output = await source.extract({ table: 'hiding' });
      expect(output.columns?.map(({ name }) => name)).toEqual(['id']);
    });
  });

  test('reads names of any letters, and names that look like SQL as names', async () => {
    const column = 'a`b\'c"d; drop table victims; --';
    await source.query(
      'create table victims (id int)',
      `create table größe_日本 (\`${column.replaceAll('`', '``')}\` int, \`select\` text, \`wäre? ja\` datetime)`,
      "insert into größe_日本 values (1, '? ?', '2001-01-05 08:30')",
    );
    const output = await source.extract({ table: 'größe_日本', cursor: 'wäre? ja' });
    expect(output.columns?.map(({ name }) => name)).toEqual([column, 'select', 'wäre? ja']);
    expect((await source.rowsOf(output)).map(([id, text]) => [id, text])).toEqual([[1, '? ?']]);
    expect(await source.query('select count(*) as victims from victims')).toEqual([{ victims: 0 }]);
  });
});
