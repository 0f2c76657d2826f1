import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestRedshift } from '../support/redshift-data.ts';

let redshift: TestRedshift;
let duckdb: DuckDBInstance;
beforeAll(async () => {
  redshift = await TestRedshift.start();
  duckdb = await DuckDBInstance.create(':memory:');
});
afterAll(async () => {
  duckdb.closeSync();
  await redshift.stop();
});

const ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'";

/** The bytes of a Parquet file with the rows of `query`. */
async function parquet(query: string): Promise<Buffer> {
  const path = join(redshift.dir, 'made.parquet');
  const connection = await duckdb.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  return readFileSync(path);
}

async function manifest(key: string, entries: readonly unknown[]): Promise<string> {
  return redshift.put(key, JSON.stringify({ entries, reefline: { version: 1 } }));
}

function entry(url: string, body: Uint8Array): unknown {
  return { url, mandatory: true, meta: { content_length: body.length } };
}

describe('COPY of Parquet', () => {
  const types =
    'flag boolean, small smallint, mid int, large bigint, price decimal(12,2), huge decimal(38,10), ratio real, exact float8, ' +
    'day date, wall timestamp, instant timestamptz, word varchar(40), bytes varbyte(20)';
  const value = `SELECT true, 1::SMALLINT, -2::INTEGER, 9007199254740993::BIGINT, 12345.67::DECIMAL(12,2),
    1234567890123456789012345678.0123456789::DECIMAL(38,10), 0.5::FLOAT, 0.1::DOUBLE, DATE '1999-12-31',
    TIMESTAMP '2001-01-01 00:00:00.123456', TIMESTAMPTZ '2001-06-01 12:00:00.5+02', `;

  test('every type and every awkward text arrives as it was', async () => {
    const words = [
      "''",
      'NULL',
      "' lead'",
      `'a"b,c'`,
      "'l1' || chr(10) || 'l2' || chr(13)",
      "'😀é'",
      "'\\N'",
      "'\\.'",
      "'NULL'",
    ];
    const body = await parquet(
      words.map((word) => `${value} ${word}, '\\xAA\\x00'::BLOB`).join(' UNION ALL '),
    );
    const url = await redshift.put('types/1.parquet', body);
    await redshift.rows(`CREATE TABLE types (${types})`);
    await redshift.rows(
      `COPY types FROM '${await manifest('types.json', [entry(url, body)])}' ${ROLE} FORMAT AS PARQUET MANIFEST`,
    );
    const found = await redshift.rows('SELECT large::varchar, * FROM types');
    expect(found.map((row) => row[12])).toEqual([
      '',
      null,
      ' lead',
      'a"b,c',
      'l1\nl2\r',
      '😀é',
      '\\N',
      '\\.',
      'NULL',
    ]);
    expect(found[0]?.slice(0, 12)).toEqual([
      '9007199254740993',
      true,
      1,
      -2,
      expect.any(Number),
      '12345.67',
      '1234567890123456789012345678.0123456789',
      0.5,
      0.1,
      '1999-12-31',
      '2001-01-01 00:00:00.123456',
      '2001-06-01 10:00:00.5+00',
    ]);
    expect(found[0]?.[13]).toBe('aa00');
  });

  test('NULL and the empty text stay apart in a table of one column', async () => {
    await redshift.rows('CREATE TABLE single (word varchar(10))');
    await redshift.put(
      'single/1.parquet',
      await parquet("SELECT NULL::VARCHAR UNION ALL SELECT '' UNION ALL SELECT 'x'"),
    );
    await redshift.rows(`COPY single FROM 's3://${redshift.bucket}/single/' ${ROLE} PARQUET`);
    expect(await redshift.rows("SELECT count(*), count(word), sum((word = '')::int) FROM single")).toEqual([
      [3, 2, 1],
    ]);
  });

  test('several files of a manifest load together, in a batch and with a column list', async () => {
    const [one, two] = [
      await parquet('SELECT 1::INTEGER'),
      await parquet('SELECT 2::INTEGER UNION ALL SELECT 3'),
    ];
    const entries = [
      entry(await redshift.put('many/1', one), one),
      entry(await redshift.put('many/2', two), two),
    ];
    const url = await manifest('many.json', entries);
    await redshift.rows("CREATE TABLE many (extra varchar(5) DEFAULT 'none', id int)");
    const ended = await redshift.batch([
      'CREATE TEMP TABLE staged (LIKE many INCLUDING DEFAULTS)',
      `COPY staged (id) FROM '${url}' ${ROLE} FORMAT PARQUET MANIFEST`,
      'INSERT INTO many SELECT * FROM staged',
    ]);
    expect(ended.SubStatements?.map(({ ResultRows: rows }) => rows)).toEqual([0, 3, 3]);
    expect(await redshift.rows('SELECT * FROM many ORDER BY id')).toEqual([
      ['none', 1],
      ['none', 2],
      ['none', 3],
    ]);
  });

  test('what is missing or wrong is named, nothing is loaded and no temporary file stays', async () => {
    await redshift.rows('CREATE TABLE strict (id bigint NOT NULL, word varchar(4))');
    const good = await parquet("SELECT 1::BIGINT, 'a'");
    const url = await redshift.put('strict/good', good);
    const from = async (name: string, entries: readonly unknown[]): Promise<string> =>
      `COPY strict FROM '${await manifest(`strict/${name}.json`, entries)}' ${ROLE} FORMAT PARQUET MANIFEST`;
    const file = async (name: string, query: string): Promise<string> => {
      const body = await parquet(query);
      return from(name, [entry(url, good), entry(await redshift.put(`strict/${name}`, body), body)]);
    };
    const gone = `s3://${redshift.bucket}/strict/gone`;
    const cases: [string, RegExp][] = [
      [
        await from('gone', [entry(url, good), entry(gone, good)]),
        new RegExp(`The specified S3 file ${gone} does not exist`),
      ],
      [await from('empty', []), /has no entries/],
      [await from('length', [{ url, mandatory: true }]), /Missing meta.content_length of s3:.*strict\/good/],
      [
        await file('retyped', "SELECT 1::INTEGER AS id, 'a' AS word"),
        /strict\/retyped.id'. Column: id, Column type: bigint, Parquet schema: INTEGER/,
      ],
      [
        await file('wider', "SELECT 1::BIGINT, 'a', 2"),
        /Table columns: 2, Data columns: 3, File name: .*strict\/wider/,
      ],
      [
        await file('long', "SELECT 1::BIGINT, 'éèê' AS word"),
        /word is longer than .* Table: 4, Data: 6, File name: .*strict\/long/,
      ],
      [await file('null', "SELECT NULL::BIGINT, 'a'"), /Cannot insert a NULL value into column id/],
      [
        `COPY strict FROM '${url}' ${ROLE} FORMAT PARQUET MAXERROR 5`,
        /MAXERROR argument is not supported for PARQUET based COPY/,
      ],
      [
        `COPY strict FROM 's3://${redshift.bucket}/none' ${ROLE} PARQUET`,
        /The specified S3 prefix 'none' does not exist/,
      ],
      [`COPY nowhere FROM '${url}' ${ROLE} PARQUET`, /relation "nowhere" does not exist/],
      [`COPY strict FROM '${url}' PARQUET`, /IAM_ROLE or CREDENTIALS/],
    ];
    for (const [sql, reason] of cases) expect((await redshift.end(sql)).Error).toMatch(reason);
    expect(await redshift.rows('SELECT count(*) FROM strict')).toEqual([[0]]);
    expect(readdirSync(join(redshift.dir, 'copy')).filter((name) => name !== 'spill')).toEqual([]);
  });
});

describe('COPY of CSV', () => {
  const errors = (query: number | undefined): string =>
    `SELECT filename, line_number, colname, err_reason, raw_line FROM stl_load_errors WHERE query = ${query ?? 0} ORDER BY line_number`;

  test('a row that is rejected is described in stl_load_errors by file, line, column and reason', async () => {
    const lines = Array.from({ length: 30 }, (_, at) => (at === 15 ? 'x16,bad' : `${at + 1},n${at + 1}`));
    const url = await redshift.put('rejected.csv', `id,name\n${lines.join('\n')}\n`);
    await redshift.rows('CREATE TABLE numbered (id int, name varchar(10))');
    const ended = await redshift.end(`COPY numbered FROM '${url}' ${ROLE} FORMAT CSV IGNOREHEADER 1`);
    expect(ended.Error).toBe(
      "ERROR: Load into table 'numbered' failed.  Check 'stl_load_errors' system table for details.",
    );
    expect(await redshift.rows(errors(ended.RedshiftQueryId))).toEqual([
      [url, 17, 'id', "Invalid digit, Value 'x', Pos 0, Type: Integer", 'x16,bad'],
    ]);
    expect(await redshift.rows('SELECT count(*) FROM numbered')).toEqual([[0]]);
  });

  test('fewer rejections than MAXERROR let the rest in, lines counted through quoted line breaks', async () => {
    const url = await redshift.put('some.csv', '1,"a\nb"\n2,éèê\n3\nx,y\n4,d,e\n,z\n5,"say ""hi"""\r\n');
    await redshift.rows('CREATE TABLE some (id int NOT NULL, name varchar(20))');
    const sql = `COPY some FROM '${url}' ${ROLE} FORMAT CSV MAXERROR`;
    const ended = await redshift.end(`${sql} 6`);
    expect(ended).toMatchObject({ Status: 'FINISHED', ResultRows: 3 });
    expect((await redshift.rows(errors(ended.RedshiftQueryId))).map((row) => [row[1], row[3]])).toEqual([
      [4, 'Delimiter not found'],
      [5, "Invalid digit, Value 'x', Pos 0, Type: Integer"],
      [6, 'Extra column(s) found'],
      [7, 'Missing data for not-null field'],
    ]);
    expect(await redshift.rows('SELECT id, name FROM some ORDER BY id')).toEqual([
      [1, 'a\nb'],
      [2, 'éèê'],
      [5, 'say "hi"'],
    ]);
    expect((await redshift.end(`${sql} 4`)).Error).toContain("Load into table 'some' failed.");
  });

  test.each([
    ['GZIP', gzipSync],
    ['ZSTD', zstdCompressSync],
  ] as const)('reads %s with its own delimiter, quote and NULL', async (option, compress) => {
    const url = await redshift.put(`packed-${option}.csv`, compress("1|none|\n2|'a|b'|\n3|\\N|2001-01-01\n"));
    const table = `packed_${option.toLowerCase()}`;
    await redshift.rows(`CREATE TABLE ${table} (id int, word varchar(10), day date)`);
    const options = `DELIMITER '|' QUOTE '''' NULL AS 'none' ${option} TIMEFORMAT 'auto'`;
    await redshift.rows(`COPY ${table} FROM '${url}' ${ROLE} CSV ${options}`);
    expect(await redshift.rows(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      [1, null, null],
      [2, 'a|b', null],
      [3, '\\N', '2001-01-01'],
    ]);
  });
});
