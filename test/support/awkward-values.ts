/** Values of one PostgreSQL type that movers are known to lose, round or confuse, each as an SQL expression. */
export interface AwkwardType {
  readonly declared: string;
  readonly values: Readonly<Record<string, string>>;
  /** What the value is as a text, of a column `v`, where a cast would not say it. */
  readonly text?: string;
}

const E = (text: string): string => `E'${text}'`;

export const AWKWARD_TYPES: readonly AwkwardType[] = [
  { declared: 'boolean', values: { 'true, false': 'true', NULL: 'null' } },
  { declared: 'smallint', values: { 'the least': '-32768', 'the greatest': '32767' } },
  { declared: 'integer', values: { 'the least': '-2147483648', 'the greatest': '2147483647' } },
  {
    declared: 'bigint',
    values: {
      'the least': '-9223372036854775808',
      'the greatest': '9223372036854775807',
      '2^53 + 1': '9007199254740993',
    },
  },
  {
    declared: 'numeric(20,0)',
    values: { 'the greatest of 64 bits without a sign': '18446744073709551615' },
  },
  {
    declared: 'numeric(38,10)',
    values: {
      '28 digits before the point and 10 after': '-9999999999999999999999999999.9999999999',
      'the smallest': '0.0000000001',
      NaN: "'NaN'",
    },
  },
  { declared: 'numeric(12,2)', values: { 'a trailing zero': '1.10', 'minus zero': '-0.00' } },
  { declared: 'numeric', values: { 'any, for no digits are declared': '1.5' } },
  { declared: 'numeric(39,0)', values: { 'any, for there are more than 38 digits': '1' } },
  {
    declared: 'real',
    values: {
      '16777217, which it rounds itself': '16777217',
      'the smallest': '1e-45',
      NaN: "'NaN'",
      Infinity: "'Infinity'",
    },
  },
  {
    declared: 'double precision',
    values: {
      '0.1 + 0.2': '0.1::float8 + 0.2::float8',
      'the smallest': '5e-324',
      'minus zero': "'-0'",
      NaN: "'NaN'",
      Infinity: "'-Infinity'",
    },
  },
  {
    declared: 'text',
    values: {
      'the empty string beside NULL': "''",
      NULL: 'null',
      'quotes and backslashes': E(`\\'\\"\\\\`),
      'newlines, CRLF and tabs': E('a\\nb\\r\\nc\\td'),
      'what COPY writes for NULL': E('\\\\N'),
      'emoji and combining characters': E('\\U0001F469\\u200D\\U0001F680 e\\u0301'),
      'spaces around': "'  x  '",
      'a comma and a pipe': "'a,b|c'",
      '3 MB': "repeat('ä', 1572864)",
    },
  },
  { declared: 'varchar(5)', values: { 'five characters of two bytes': "'äöüßé'" } },
  {
    declared: 'char(5)',
    values: { 'two characters, and the spaces that it is padded with': "'ab'" },
    text: 'rpad(v::text, 5)',
  },
  { declared: 'bytea', values: { 'zero and high bytes': "'\\x00ff0a5c'", empty: "'\\x'" } },
  { declared: 'uuid', values: { any: "'6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10'" } },
  { declared: 'json', values: { 'spaces and the order of keys': `'{"b": 1,  "a": 1.10}'` } },
  {
    declared: 'jsonb',
    values: { nested: `'{"a": [1, null, "x\\"y"], "é": {}}'`, 'the text "null"': `'null'`, NULL: 'null' },
  },
  {
    declared: 'date',
    values: {
      'a leap day': "'2020-02-29'",
      'year 9999': "'9999-12-31'",
      'before Christ': "'0044-03-15 BC'",
      infinity: "'infinity'",
    },
  },
  {
    declared: 'timestamp',
    values: {
      microseconds: "'2020-03-29 02:30:00.123456'",
      'before 1970': "'1969-12-31 23:59:59.999999'",
      'before Christ': "'0044-03-15 12:00 BC'",
      infinity: "'-infinity'",
    },
  },
  {
    declared: 'timestamptz',
    values: {
      'another zone': "'2020-10-25 02:30:00.000001+02'",
      'year 9999': "'9999-12-31 23:59:59.999999+00'",
      'before Christ': "'0044-03-15 12:00+00 BC'",
      infinity: "'infinity'",
    },
  },
  { declared: 'time', values: { any: "'12:00'" } },
  { declared: 'interval', values: { any: "'1 month 2 days'" } },
  { declared: 'integer[]', values: { any: "'{1,2}'" } },
  { declared: 'inet', values: { any: "'10.0.0.1'" } },
  { declared: 'money', values: { any: "'1.10'" } },
];
