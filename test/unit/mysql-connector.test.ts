import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readUrl } from '../../connectors/mysql/connection-url.ts';
import { characterSetOf, mayLoseCharacters, stagedType } from '../../connectors/mysql/extract-types.ts';
import { toMysqlFailure } from '../../connectors/mysql/failures.ts';
import { quoteIdentifier } from '../../connectors/mysql/quote.ts';
import { describeType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';

function failureOf(call: () => unknown): StageFailure {
  try {
    call();
  } catch (error) {
    if (error instanceof StageFailure) return error;
  }
  throw new Error('expected a StageFailure');
}

describe('Types of MySQL', () => {
  test.each([
    ['tinyint(1)', 'boolean'],
    ['tinyint(1) unsigned', 'int16'],
    ['tinyint(4)', 'int16'],
    ['tinyint', 'int16'],
    ['tinyint(3) unsigned', 'int16'],
    ['tinyint unsigned', 'int16'],
    ['smallint(6)', 'int16'],
    ['smallint unsigned', 'int32'],
    ['mediumint(8) unsigned', 'int32'],
    ['int(11)', 'int32'],
    ['int', 'int32'],
    ['int(8) unsigned zerofill', 'int64'],
    ['bigint', 'int64'],
    ['bigint(20) unsigned', 'decimal(20,0)'],
    ['decimal(10,0)', 'decimal(10,0)'],
    ['decimal(38,10) unsigned zerofill', 'decimal(38,10)'],
    ['float(7,4)', 'float32'],
    ['double unsigned', 'float64'],
    ['bit(1)', 'boolean'],
    ['bit(63)', 'int64'],
    ['bit(64)', 'decimal(20,0)'],
    ['year(4)', 'int16'],
    ['date', 'date'],
    ['datetime', 'timestamp'],
    ['datetime(6) /* mariadb-5.3 */', 'timestamp'],
    ['timestamp(3)', 'timestamp with time zone'],
    ['time(6)', 'text'],
    ['varchar(40)', 'text'],
    ["enum('tinyint(1)','a)b')", 'text'],
    ["set('bit(1)')", 'text'],
    ['longtext', 'text'],
    ['json', 'json'],
    ['uuid', 'uuid'],
    ['inet6', 'text'],
    ['varbinary(16)', 'binary'],
    ['longblob', 'binary'],
  ])('%s is staged as %s', (declared, expected) => {
    const staged = stagedType(declared);
    expect(staged && describeType(staged.type)).toBe(expected);
  });

  test('are staged as docs/types-mysql.md says', () => {
    const page = readFileSync(new URL('../../docs/types-mysql.md', import.meta.url), 'utf8');
    const [table = ''] = page.split('## Time zones');
    const rows = [...table.matchAll(/^\| (`[^|]+?) *\| ([^|]+?) *\|/gmu)].flatMap(([, types = '', staged]) =>
      [...types.matchAll(/`([^`]+)`/gu)].map(([, declared = '']) => ({ declared, staged })),
    );
    expect(rows.length).toBeGreaterThan(40);
    const made = rows.map(({ declared }) => {
      const type = stagedType(declared)?.type;
      return { declared, staged: type === undefined ? 'refused' : describeType(type) };
    });
    expect(made).toEqual(rows);
  });

  test.each([
    'decimal(39,0)',
    'decimal(65,30)',
    'geometry',
    'point',
    'multipolygon',
    'vector(3)',
    'toString',
    '',
  ])('%s is refused', (declared) => {
    expect(stagedType(declared)).toBeUndefined();
  });

  test('of texts are checked for lost characters unless their character set is part of Unicode', () => {
    const lossless = [
      'utf8mb4_0900_ai_ci',
      'utf8mb3_bin',
      'utf8_general_ci',
      'latin1_swedish_ci',
      'utf16le_bin',
      null,
    ];
    expect(lossless.map(characterSetOf).map(mayLoseCharacters)).toEqual(lossless.map(() => false));
    const others = [
      'cp1251_general_ci',
      'sjis_japanese_ci',
      'gbk_bin',
      'ascii_general_ci',
      'latin2_czech_cs',
    ];
    expect(others.map(characterSetOf).map(mayLoseCharacters)).toEqual(others.map(() => true));
  });
});

describe('Identifiers for MySQL', () => {
  test('stay one identifier whatever they contain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const quoted = quoteIdentifier(name);
        const inner = quoted.slice(1, -1);
        expect(quoted).toBe(`\`${inner}\``);
        // Without the doubled ones no backtick is left that could end it.
        expect(inner.replaceAll('``', '')).not.toContain('`');
        expect(inner.replaceAll('``', '`')).toBe(name);
      }),
    );
  });
});

describe('The url of a MySQL connection', () => {
  test('gives host, port, user, password and database, percent-decoded, and no TLS by itself', () => {
    expect(readUrl('shop', 'mysql://re%40der:p%2Fw@db.example:3307/my%20shop')).toEqual({
      host: 'db.example',
      port: 3307,
      user: 're@der',
      password: 'p/w',
      database: 'my shop',
      ssl: undefined,
    });
    expect(readUrl('shop', 'mariadb://me@[::1]')).toMatchObject({
      host: '::1',
      port: 3306,
      database: undefined,
    });
  });

  test('chooses TLS by its parameters, and trusts nobody unseen when a certificate is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reefline-mysql-'));
    try {
      const file = join(folder, 'ca.pem');
      writeFileSync(file, 'certificate');
      const ssl = (query: string): unknown => readUrl('shop', `mysql://me@db/shop?${query}`).ssl;
      expect(ssl('ssl-mode=disabled')).toBeUndefined();
      expect(ssl('ssl-mode=REQUIRED')).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
      const ca = Buffer.from('certificate');
      expect(ssl(`ssl-mode=verify_ca&ssl-ca=${file}`)).toEqual({
        ca,
        rejectUnauthorized: true,
        verifyIdentity: false,
      });
      expect(ssl(`ssl-ca=${file}`)).toEqual({ ca, rejectUnauthorized: true, verifyIdentity: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['mysql://me:s3cret@[bad/shop', 'cannot be read'],
    ['postgres://me:s3cret@db/shop', 'cannot be read'],
    ['mysql://me:s3cret%@db/shop', 'cannot be read'],
    ['mysql://me:s3cret@db:99999/shop', 'cannot be read'],
    ['mysql://me:s3cret@db/shop?sslmode=s3cret', 'has the parameter "sslmode"'],
    ['mysql://me:s3cret@db/shop?ssl-mode=s3cret', 'has an unknown ssl-mode'],
    ['mysql://me:s3cret@10.0.0.5/shop?ssl-mode=verify_identity', 'names an address'],
    ['mysql://me:s3cret@[::1]/shop?ssl-mode=verify_identity', 'names an address'],
    ['mysql://me:s3cret@db/shop?ssl-ca=/s3cret', 'names a file in ssl-ca that cannot be read'],
  ])('is refused without being shown when it makes no sense (%#)', (url, problem) => {
    const failure = failureOf(() => readUrl('shop', url));
    expect(failure.failureClass).toBe('invalid_config');
    expect(failure.message).toContain(`connection "shop" ${problem}`);
    expect(failure.message).not.toContain('s3cret');
    expect(failure.cause).toBeUndefined();
  });
});

describe('What MySQL says when something fails', () => {
  test.each([
    [{ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR', sqlState: '28000' }, 'unauthorized'],
    [{ errno: 1142, code: 'ER_TABLEACCESS_DENIED_ERROR', sqlState: '42000' }, 'unauthorized'],
    [{ errno: 1146, code: 'ER_NO_SUCH_TABLE', sqlState: '42S02' }, 'not_found'],
    [{ errno: 1040, code: 'ER_CON_COUNT_ERROR', sqlState: '08004' }, 'throttled'],
    [{ errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT', sqlState: 'HY000' }, 'conflict'],
    [{ errno: 1213, code: 'ER_LOCK_DEADLOCK', sqlState: '40001' }, 'conflict'],
    [{ errno: 1412, code: 'ER_TABLE_DEF_CHANGED', sqlState: 'HY000' }, 'conflict'],
    [{ errno: 1969, sqlState: '70100' }, 'timeout'],
    [{ errno: 3024, code: 'ER_QUERY_TIMEOUT', sqlState: 'HY000' }, 'timeout'],
    [{ errno: 1053, code: 'ER_SERVER_SHUTDOWN', sqlState: '08S01' }, 'unavailable'],
    [{ errno: 9999, code: 'ER_NEW', sqlState: '08007' }, 'unavailable'],
    [{ errno: 9999, code: 'ER_NEW', sqlState: '22001' }, 'data_error'],
    [{ errno: 1064, code: 'ER_PARSE_ERROR', sqlState: '42000' }, 'rejected'],
    [{ errno: -111, code: 'ECONNREFUSED' }, 'unavailable'],
    [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'unavailable'],
    [{ code: 'HANDSHAKE_NO_SSL_SUPPORT', fatal: true }, 'invalid_config'],
    [{ fatal: true }, 'unavailable'],
    [{}, 'rejected'],
  ])('is classified by its number: %j', (facts, failureClass) => {
    const failure = toMysqlFailure(
      Object.assign(new Error('What happened.'), facts),
      '"shop" at db:3306',
      'extract shop.orders',
    );
    expect(failure.failureClass).toBe(failureClass);
    expect(failure.message).toMatch(
      /^MySQL "shop" at db:3306 could not extract shop\.orders: What happened/u,
    );
  });

  test('keeps a failure that was classified before', () => {
    const failure = new StageFailure('data_error', 'said before');
    expect(toMysqlFailure(failure, 'there', 'do it')).toBe(failure);
  });
});
