import { describe, expect, test } from '@jest/globals';
import { parseCopy } from '../../local/redshift-data/copy-command.ts';
import { join, tokenize } from '../../local/redshift-data/tokens.ts';
import { Translator } from '../../local/redshift-data/translate.ts';

const sql = (text: string): string => new Translator().translate(text, false).sql.replace(/\s+/g, ' ').trim();

describe('reading statements', () => {
  test.each([
    `SELECT 'it''s', 'back\\'slash', "a ""b""", x::int -- :note\n/* :a /* b */ */ FROM t WHERE y >= :y AND z <> $$raw 'text'$$`,
    'SELECT 1.5e-3, .5, "Ünï", é FROM s.t;',
  ])('loses nothing of %s', (text) => {
    expect(join(tokenize(text))).toBe(text);
  });

  test('finds parameters only where they are not part of something else', () => {
    const { sql: text, parameters } = new Translator().translate(
      'SELECT :a, x::date, \':b\', ":c" FROM t WHERE y = :a -- :d',
      false,
    );
    expect(parameters).toEqual(['a', 'a']);
    expect(text).toMatch(/SELECT \$1, .*y = \$2/);
  });

  test.each(["SELECT 'open", 'SELECT "open', 'SELECT 1 /* open'])('refuses %s', (text) => {
    expect(() => sql(text)).toThrow('unterminated');
  });
});

describe('translating statements', () => {
  test.each([
    [
      'CREATE TABLE a.t (id bigint NOT NULL ENCODE az64 DISTKEY, distkey int, v varchar(max) UNIQUE, w text, x int REFERENCES b.u (id), PRIMARY KEY (id)) DISTSTYLE KEY COMPOUND SORTKEY (id, v) BACKUP NO',
      'CREATE TABLE a.t (id BIGINT NOT NULL, distkey INT, v VARCHAR(65535), w VARCHAR(256), x INT)',
    ],
    [
      'CREATE TABLE t DISTKEY (a) SORTKEY (b) AS SELECT a, b AS sortkey FROM s',
      'CREATE TABLE t AS SELECT a, b AS sortkey FROM s',
    ],
    [
      "ALTER TABLE t ADD COLUMN c varchar(10) DEFAULT 'x' ENCODE zstd",
      "ALTER TABLE t ADD COLUMN c VARCHAR(10) DEFAULT 'x'",
    ],
    ['SELECT NVL(a, b), "Mixed" FROM t', 'SELECT COALESCE(a, b), "mixed" FROM t'],
    ['SELECT DATEDIFF(day, a, b) FROM t', "SELECT redshift_shim.datediff('day', a, b) FROM t"],
    [
      "SELECT LISTAGG(DISTINCT a, ',') WITHIN GROUP (ORDER BY a) FROM t",
      "SELECT STRING_AGG(DISTINCT ( a)::VARCHAR, ',' ORDER BY a) FROM t",
    ],
    ["SELECT 'a\\\\b' FROM t", "SELECT 'a\\\\b' FROM t"],
    [
      'SELECT a::decimal, CAST(b AS numeric(4,1)) FROM t',
      'SELECT CAST(a AS DECIMAL(18, 0)), CAST(b AS DECIMAL(4, 1)) FROM t',
    ],
    [
      'CREATE TABLE t (a decimal, "decimal" numeric NOT NULL)',
      'CREATE TABLE t (a DECIMAL(18, 0), "decimal" DECIMAL(18, 0) NOT NULL)',
    ],
    ['SELECT a -- */ , b\nFROM t', 'SELECT a FROM t'],
    ['LOCK TABLE a, b', 'LOCK TABLE a, b'],
    ['DELETE FROM a USING b WHERE a.id = b.id', 'DELETE FROM a USING b WHERE a.id = b.id'],
  ])('%s', (from, to) => {
    expect(sql(from).replace(/ (?=[,)])/g, '')).toBe(to);
  });

  test.each([
    ["UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE default", 'UNLOAD'],
    ['ALTER TABLE a APPEND FROM b', 'ALTER TABLE a'],
    ['MERGE INTO a USING b ON a.id = b.id REMOVE DUPLICATES', 'MERGE INTO a'],
    ['CREATE VIEW v AS SELECT 1 AS a FROM t WITH NO SCHEMA BINDING', 'CREATE VIEW v'],
  ])('refuses %s by name', (text, name) => {
    expect(() => sql(text)).toThrow(name);
  });
});

describe('reading COPY', () => {
  test('takes options in any order and folds names to lower case', () => {
    const command = parseCopy(
      `COPY "Sales".Orders (ID, "Name") FROM 's3://b/a/m.json' MANIFEST IAM_ROLE default FORMAT AS PARQUET STATUPDATE OFF;`,
    );
    expect(command).toMatchObject({
      table: '"sales"."orders"',
      columns: ['id', 'name'],
      from: { bucket: 'b', key: 'a/m.json' },
      manifest: true,
      format: 'parquet',
    });
  });

  test.each([
    ["COPY t FROM 's3://b/k' IAM_ROLE default", 'delimited text'],
    ["COPY t FROM 's3://b/k' IAM_ROLE default CSV CSV", 'conflicting or redundant options'],
    ["COPY t FROM 's3://b/k' IAM_ROLE default CSV SPEED 5", 'syntax error at or near "SPEED"'],
    ["COPY t FROM 'file.csv' IAM_ROLE default CSV", 'is not s3://bucket/key'],
    [
      "COPY t FROM 's3://b/k' IAM_ROLE default PARQUET GZIP",
      'GZIP argument is not supported for PARQUET based COPY',
    ],
  ])('refuses %s', (text, reason) => {
    expect(() => parseCopy(text)).toThrow(reason);
  });
});
