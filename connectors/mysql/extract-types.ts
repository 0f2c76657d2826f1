import type { ColumnType } from '../../pipeline/column.ts';

/** How a declared type is staged: its neutral type, and whether the server must write it as text. */
export interface StagedType {
  readonly type: ColumnType;
  readonly asText?: true;
}

const MAX_PRECISION = 38;

/** Every value of an unsigned 64-bit integer. */
const UNSIGNED_64: StagedType = { type: { kind: 'decimal', precision: 20, scale: 0 } };

/** Types that are the same whatever stands in their brackets. */
const SIMPLE: Readonly<Record<string, StagedType>> = {
  float: { type: { kind: 'float32' } },
  double: { type: { kind: 'float64' } },
  year: { type: { kind: 'int16' } },
  date: { type: { kind: 'date' } },
  datetime: { type: { kind: 'timestamp', zoned: false } },
  timestamp: { type: { kind: 'timestamp', zoned: true } },
  time: { type: { kind: 'text' }, asText: true },
  char: { type: { kind: 'text' } },
  varchar: { type: { kind: 'text' } },
  tinytext: { type: { kind: 'text' } },
  text: { type: { kind: 'text' } },
  mediumtext: { type: { kind: 'text' } },
  longtext: { type: { kind: 'text' } },
  enum: { type: { kind: 'text' } },
  set: { type: { kind: 'text' } },
  json: { type: { kind: 'json' } },
  uuid: { type: { kind: 'uuid' }, asText: true },
  inet4: { type: { kind: 'text' }, asText: true },
  inet6: { type: { kind: 'text' }, asText: true },
  binary: { type: { kind: 'binary' } },
  varbinary: { type: { kind: 'binary' } },
  tinyblob: { type: { kind: 'binary' } },
  blob: { type: { kind: 'binary' } },
  mediumblob: { type: { kind: 'binary' } },
  longblob: { type: { kind: 'binary' } },
};

/** Integers, without and with a sign. */
const INTEGERS: Readonly<Record<string, { readonly signed: StagedType; readonly unsigned: StagedType }>> = {
  tinyint: { signed: { type: { kind: 'int16' } }, unsigned: { type: { kind: 'int16' } } },
  smallint: { signed: { type: { kind: 'int16' } }, unsigned: { type: { kind: 'int32' } } },
  mediumint: { signed: { type: { kind: 'int32' } }, unsigned: { type: { kind: 'int32' } } },
  int: { signed: { type: { kind: 'int32' } }, unsigned: { type: { kind: 'int64' } } },
  bigint: { signed: { type: { kind: 'int64' } }, unsigned: UNSIGNED_64 },
};

/**
 * How a type is staged that `SHOW COLUMNS` writes so (`bigint(20) unsigned`), or undefined when the staged files cannot
 * hold it unchanged. The table is docs/types-mysql.md.
 */
export function stagedType(declared: string): StagedType | undefined {
  const match = /^([a-z]\w*)(?:\(([^)]*)\))?/u.exec(declared);
  const [, base = '', brackets = ''] = match ?? [];
  const integer = INTEGERS[base];
  if (integer !== undefined) {
    const unsigned = /\bunsigned\b/u.test(declared);
    // MySQL and MariaDB make BOOLEAN of it, and nothing else looks like this.
    if (base === 'tinyint' && brackets === '1' && !unsigned) return { type: { kind: 'boolean' } };
    return unsigned ? integer.unsigned : integer.signed;
  }
  if (base === 'decimal') return decimal(brackets);
  if (base === 'bit') return bit(Number(brackets));
  return SIMPLE[base];
}

function decimal(brackets: string): StagedType | undefined {
  const [precision = 10, scale = 0] = brackets.split(',').map(Number);
  return precision <= MAX_PRECISION ? { type: { kind: 'decimal', precision, scale } } : undefined;
}

/** Bits are numbers: the leftmost counts most. */
function bit(width: number): StagedType {
  if (width === 1) return { type: { kind: 'boolean' } };
  return width === 64 ? UNSIGNED_64 : { type: { kind: 'int64' } };
}

/**
 * Character sets that become UTF-8 without loss: each of their characters is in Unicode. In the others the server
 * writes a question mark for what it cannot translate.
 */
const LOSSLESS = new Set([
  'utf8mb4',
  'utf8mb3',
  'utf8',
  'latin1',
  'ucs2',
  'utf16',
  'utf16le',
  'utf32',
  'binary',
]);

/** The character set of a collation such as `latin1_swedish_ci`, which is the name of it up to the first underscore. */
export function characterSetOf(collation: string | null): string | undefined {
  return collation?.split('_')[0];
}

/** Whether texts of the character set must be compared with what becomes of them. */
export function mayLoseCharacters(characterSet: string | undefined): boolean {
  return characterSet !== undefined && !LOSSLESS.has(characterSet);
}
