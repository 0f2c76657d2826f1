import type { AwkwardType } from './awkward-moves.ts';

const E = (text: string): string => `E'${text}'`;

/** Values that movers are known to lose, round or confuse, each as an SQL expression. */
export const AWKWARD_TYPES: readonly AwkwardType[] = [
  { declared: 'boolean', values: { true: 'true', false: 'false' } },
  { declared: 'smallint', values: { 'the least': '-32768', 'the greatest': '32767' } },
  { declared: 'integer', values: { 'the least': '-2147483648', 'the greatest': '2147483647' } },
  {
    declared: 'integer generated always as (id + 1) stored',
    values: { 'what the server computes': 'default' },
  },
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
    },
    extremes: { NaN: "'NaN'" },
  },
  { declared: 'numeric(38,0)', values: { '38 digits': '-'.concat('9'.repeat(38)) } },
  {
    declared: 'numeric(12,2)',
    values: { 'a trailing zero': '1.10', 'minus zero': '-0.00' },
    extremes: { NaN: "'NaN'" },
  },
  {
    declared: 'real',
    values: {
      '16777217, which it rounds itself': '16777217',
      'the smallest': '1e-45',
      'minus zero': "'-0'",
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
      '-Infinity': "'-Infinity'",
    },
  },
  {
    declared: 'text',
    values: {
      'the empty string beside NULL': "''",
      'quotes and backslashes': E(`\\'\\"\\\\`),
      'newlines, CRLF and tabs': E('a\\nb\\r\\nc\\td'),
      'what COPY writes for NULL': E('\\\\N'),
      'the word NULL': "'NULL'",
      'emoji and combining characters': E('\\U0001F469\\u200D\\U0001F680 e\\u0301'),
      'control characters': E('\\x01\\x07\\x1b\\x7f'),
      'spaces around': "'  x  '",
      'a comma and a pipe': "'a,b|c'",
      '65,535 bytes': "repeat('x', 65535)",
    },
    extremes: { '3 MB': "repeat('ä', 1572864)" },
  },
  { declared: 'varchar(5)', values: { 'five characters of two bytes': "'äöüßé'" } },
  {
    declared: 'char(5)',
    values: { 'two characters, and the spaces that it is padded with': "'ab'" },
    text: (column) => `rpad(${column}::text, 5)`,
  },
  { declared: 'an_enum', values: { 'a word': `'so "so"'` } },
  { declared: 'a_domain_of_text', values: { digits: "'0815'" } },
  { declared: 'bytea', values: { 'zero and high bytes': "'\\x00ff0a5c'", empty: "'\\x'" } },
  { declared: 'uuid', values: { any: "'6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10'" } },
  {
    declared: 'json',
    values: { 'spaces, the order of keys, a key twice': `'{"b": 1,  "a": 1.10, "b": 2}'` },
  },
  {
    declared: 'jsonb',
    values: { nested: `'{"a": [1, null, "x\\"y"], "é": {}}'`, 'the text "null"': `'null'` },
  },
  {
    declared: 'date',
    values: { 'a leap day': "'2020-02-29'", 'year 1': "'0001-01-01'", 'year 9999': "'9999-12-31'" },
    extremes: { 'before Christ': "'0044-03-15 BC'", infinity: "'infinity'", 'year 10000': "'10000-01-01'" },
  },
  {
    declared: 'timestamp',
    values: {
      microseconds: "'2020-03-29 02:30:00.123456'",
      'before 1970': "'1969-12-31 23:59:59.999999'",
    },
    extremes: { 'before Christ': "'0044-03-15 12:00 BC'", '-infinity': "'-infinity'" },
  },
  {
    declared: 'timestamptz',
    values: {
      'another zone': "'2020-10-25 02:30:00.000001+02'",
      'year 9999': "'9999-12-31 23:59:59.999999+00'",
    },
    extremes: { 'before Christ': "'0044-03-15 12:00+00 BC'", infinity: "'infinity'" },
  },
];

/** Types that no file holds unchanged. */
export const REFUSED_TYPES: readonly string[] = [
  'numeric',
  'numeric(39,0)',
  'time without time zone',
  'time with time zone',
  'interval',
  'integer[]',
  'text[]',
  'bit(3)',
  'bit varying(3)',
  'inet',
  'cidr',
  'macaddr',
  'money',
  'xml',
  'tsvector',
  'int4range',
  'point',
  'name',
  'oid',
  'a_composite',
];

/** What the corpus needs beside its tables. */
export const PREPARE_TYPES = `
  create type an_enum as enum ('sad', 'so "so"');
  create domain a_domain_of_text as text;
  create type a_composite as (street text, city text);`;
