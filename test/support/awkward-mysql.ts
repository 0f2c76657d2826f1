import type { AwkwardType } from './awkward-moves.ts';

/** Values, as MySQL reads them, and what PostgreSQL must say of each at the other end. */
type Readings = readonly (readonly [sql: string, expected: string])[];

const awkward = (declared: string, ...readings: Readings): AwkwardType => ({
  declared,
  values: Object.fromEntries(readings.map(([sql]) => [`\`${sql}\``, sql])),
  expected: readings.map(([, expected]) => expected),
});

const extreme = (declared: string, values: Readonly<Record<string, string>>): AwkwardType => ({
  declared,
  values: {},
  extremes: values,
});

/** What MySQL and MariaDB have in common. */
export const AWKWARD_MYSQL_TYPES: readonly AwkwardType[] = [
  awkward('boolean', ['true', 'true'], ['false', 'false']),
  awkward('bit(1)', ["b'1'", 'true']),
  awkward('tinyint', ['-128', '-128'], ['127', '127']),
  awkward('smallint unsigned', ['65535', '65535']),
  awkward('mediumint unsigned', ['16777215', '16777215']),
  awkward('int unsigned', ['4294967295', '4294967295']),
  awkward(
    'bigint',
    ['-9223372036854775808', '-9223372036854775808'],
    ['9007199254740993', '9007199254740993'],
  ),
  awkward('bigint unsigned', ['18446744073709551615', '18446744073709551615']),
  awkward('bit(64)', ['0x8000000000000001', '9223372036854775809'], ["b'0'", '0']),
  awkward(
    'decimal(38,10)',
    ['-9999999999999999999999999999.9999999999', '-9999999999999999999999999999.9999999999'],
    ['0.0000000001', '0.0000000001'],
  ),
  awkward('decimal(12,2)', ['1.1', '1.10'], ['-0.00', '0.00']),
  awkward('float', ['16777217', '1.6777216e+07'], ['0.1', '0.1'], ['1e-45', '1e-45']),
  awkward(
    'double',
    ['0.1e0 + 0.2e0', '0.30000000000000004'],
    ['2.2250738585072014e-308', '2.2250738585072014e-308'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ),
  awkward('date', ["'2020-02-29'", '2020-02-29'], ["'9999-12-31'", '9999-12-31']),
  awkward(
    'datetime(6)',
    ["'2020-03-29 02:30:00.123456'", '2020-03-29 02:30:00.123456'],
    ["'0001-01-01'", '0001-01-01 00:00:00'],
    ["'9999-12-31 23:59:59.999999'", '9999-12-31 23:59:59.999999'],
  ),
  awkward(
    'timestamp(6) null',
    ["'2020-10-25 02:30:00.000001'", '2020-10-25 00:30:00.000001+00'],
    ["'1970-01-01 02:00:01'", '1970-01-01 00:00:01+00'],
  ),
  awkward('time(3)', ["'-838:59:59'", '-838:59:59.000'], ["'12:00'", '12:00:00.000']),
  awkward('year', ['1901', '1901'], ['2155', '2155'], ["'0000'", '0']),
  awkward('varchar(40)', ["'\\\\''\"\\r\\n\\t ä😀'", `\\'"\r\n\t ä😀`], ["''", ''], ["'NULL'", 'NULL']),
  awkward('varchar(9) character set latin1', ["'Größe €'", 'Größe €'], ["' x '", ' x ']),
  awkward('text character set utf8mb3', ["'Ω'", 'Ω']),
  awkward('char(5)', ["'ab'", 'ab']),
  awkward("enum('s','large, \"x\"')", ['\'large, "x"\'', 'large, "x"']),
  awkward("set('a','b')", ["'a,b'", 'a,b'], ["''", '']),
  awkward('blob', ["x'00ff0a5c'", '\\x00ff0a5c'], ["''", '\\x']),
  awkward('binary(3)', ["x'00ff'", '\\x00ff00']),
  extreme('boolean', { 'a number other than 0 and 1': '2' }),
  extreme('date', { 'a zero date': "'0000-00-00'", 'a zero month': "'2001-00-05'" }),
  extreme('datetime', { 'a zero date': "'0000-00-00 00:00:00'" }),
  extreme('timestamp null', { 'a zero date': "'0000-00-00 00:00:00'" }),
  extreme('longtext', { '3 MB': "repeat('ä', 1572864)" }),
];

/** What only one of them has, or each in its own way. */
export const OWN_TYPES: Readonly<Record<'MySQL' | 'MariaDB', readonly AwkwardType[]>> = {
  MySQL: [
    awkward(
      'json',
      ['\'{"b": 1,  "a": 1.10}\'', '{"a": 1.1, "b": 1}'],
      ["'null'", 'null'],
      ["'9007199254740993'", '9007199254740993'],
    ),
  ],
  MariaDB: [
    awkward('json', ['\'{"b": 1,  "a": 1.10}\'', '{"b": 1,  "a": 1.10}']),
    awkward('uuid', ["'6F2C1B1E-3C52-4D8E-9A31-0B2D7C5E9F10'", '6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10']),
    awkward('inet6', ["'2001:db8::1'", '2001:db8::1']),
  ],
};

export const REFUSED_MYSQL_TYPES: readonly string[] = [
  'decimal(39,0)',
  'decimal(65,30)',
  'geometry',
  'point',
];
