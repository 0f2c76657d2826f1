import { closing, significant, splitByComma, synthetic, type Token } from '../redshift-data/tokens.ts';
import { unsupported } from './fault.ts';
import { syntaxError } from './sql-error.ts';

/** PostgreSQL's name of a type without its length, by Snowflake's. */
const TYPES: Readonly<Record<string, string>> = {
  NUMBER: 'numeric',
  DECIMAL: 'numeric',
  NUMERIC: 'numeric',
  INT: 'numeric',
  INTEGER: 'numeric',
  BIGINT: 'numeric',
  SMALLINT: 'numeric',
  TINYINT: 'numeric',
  BYTEINT: 'numeric',
  FLOAT: 'double precision',
  FLOAT4: 'double precision',
  FLOAT8: 'double precision',
  DOUBLE: 'double precision',
  REAL: 'double precision',
  VARCHAR: 'text',
  CHAR: 'text',
  CHARACTER: 'text',
  STRING: 'text',
  TEXT: 'text',
  BINARY: 'bytea',
  VARBINARY: 'bytea',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIME: 'time',
  DATETIME: 'timestamp',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_NTZ: 'timestamp',
  TIMESTAMPNTZ: 'timestamp',
  TIMESTAMP_LTZ: 'timestamptz',
  TIMESTAMPLTZ: 'timestamptz',
  TIMESTAMP_TZ: 'timestamptz',
  TIMESTAMPTZ: 'timestamptz',
  VARIANT: 'jsonb',
};

/** Longer ones than this are text for PostgreSQL, which knows no longer varchar. */
const LONGEST_VARCHAR = 10_485_760;
const MICROSECONDS = 6;
/** Constraints that Snowflake keeps for information only. */
const UNENFORCED = new Set(['PRIMARY', 'UNIQUE', 'FOREIGN', 'CONSTRAINT', 'REFERENCES']);

/**
 * The column definitions of a CREATE TABLE with PostgreSQL's types. Keys are left out: Snowflake does not enforce them, so a duplicate
 * has to go in here too.
 */
export function columnDefinitions(tokens: readonly Token[]): Token[] {
  const pieces = splitByComma(significant(tokens))
    .filter(([head]) => head !== undefined && !UNENFORCED.has(head.key))
    .map(columnDefinition);
  return pieces.flatMap((piece, at) => (at === 0 ? piece : [synthetic(', ', 'punctuation'), ...piece]));
}

/** `name TYPE(…) NOT NULL DEFAULT …` */
export function columnDefinition(tokens: readonly Token[]): Token[] {
  const words = significant(tokens);
  const [name, type] = words;
  if (name === undefined || type === undefined) throw syntaxError('syntax error: a column has no type.');
  const known = TYPES[type.key];
  if (known === undefined) throw unsupported(`type ${type.text}`);
  let at = type.key === 'DOUBLE' && words[2]?.key === 'PRECISION' ? 3 : 2;
  let sizes: readonly number[] = [];
  if (words[at]?.key === '(') {
    const end = closing(words, at);
    sizes = splitByComma(words.slice(at + 1, end)).map(([size]) => Number(size?.text));
    at = end + 1;
  }
  return [name, ...text(` ${sized(type.key, known, sizes)}`), ...rest(words.slice(at))];
}

function sized(declared: string, type: string, sizes: readonly number[]): string {
  const [first, second = 0] = sizes;
  switch (type) {
    case 'numeric':
      return `numeric(${String(first ?? 38)},${String(second)})`;
    case 'text': {
      const length = first ?? (declared === 'CHAR' || declared === 'CHARACTER' ? 1 : LONGEST_VARCHAR + 1);
      return length > LONGEST_VARCHAR ? 'text' : `varchar(${String(length)})`;
    }
    case 'timestamp':
    case 'timestamptz':
    case 'time':
      return first === undefined || first > MICROSECONDS ? type : `${type}(${String(first)})`;
    default:
      return type;
  }
}

/** What follows the type, without the constraints that are for information only. */
function rest(words: readonly Token[]): Token[] {
  const kept: Token[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) break;
    if (word.key === 'PRIMARY') at += 1;
    else if (word.key === 'AUTOINCREMENT' || word.key === 'IDENTITY' || word.key === 'COLLATE')
      throw unsupported(`${word.key} of a column`);
    else if (word.key === 'COMMENT') at += 1;
    else if (!UNENFORCED.has(word.key)) kept.push(...text(' '), word);
  }
  return kept;
}

/** Types of casts that the translation of queries has left in Snowflake's words. */
export function castType(word: string): string | undefined {
  const type = TYPES[word.toUpperCase()];
  return type !== undefined && /^TIMESTAMP_?[NL]?TZ$|^VARIANT$/i.test(word) ? type : undefined;
}

function text(content: string): Token[] {
  return [synthetic(content, 'space')];
}
