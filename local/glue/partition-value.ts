/** The types of partition keys that GetPartitions documents for expressions. */
export type KeyFamily = 'text' | 'integer' | 'decimal' | 'date' | 'timestamp';

const FAMILIES: Readonly<Record<string, KeyFamily>> = {
  string: 'text',
  char: 'text',
  varchar: 'text',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  long: 'integer',
  decimal: 'decimal',
  date: 'date',
  timestamp: 'timestamp',
};

/** How a key of this Glue type is compared, or undefined when expressions do not support the type. */
export function familyOf(type: string): KeyFamily | undefined {
  const base = /^([a-z]+)(?:\(.*\))?$/.exec(type.trim().toLowerCase())?.[1];
  return base !== undefined && Object.hasOwn(FAMILIES, base) ? FAMILIES[base] : undefined;
}

/** Comparable with `<` and `===` against others of the same family. */
export type KeyValue = bigint | string;

/** Digits behind the point that a decimal keeps: the most that Hive knows. */
const DECIMAL_SCALE = 38;

/** Reads a partition's value or a literal by the key's type; undefined when the text is no such value. */
export function readKeyValue(family: KeyFamily, text: string): KeyValue | undefined {
  switch (family) {
    case 'text':
      return text;
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
    case 'decimal':
      return readDecimal(text);
    case 'date':
      return isDate(text) ? text : undefined;
    case 'timestamp':
      return readTimestamp(text);
  }
}

/** Exact: a number with all its digits as one integer, never a binary fraction. */
function readDecimal(text: string): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  const [, sign, whole = '', fraction = ''] = match ?? [];
  if (match === null || whole + fraction === '' || fraction.length > DECIMAL_SCALE) return undefined;
  const magnitude = BigInt(whole + fraction.padEnd(DECIMAL_SCALE, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** `yyyy-mm-dd hh:mm:ss[.fffffffff]`, padded so that the order of texts is the order of times. */
function readTimestamp(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}) ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?$/.exec(text);
  const [, date, clock, fraction = ''] = match ?? [];
  if (date === undefined || clock === undefined || !isDate(date)) return undefined;
  return `${date} ${clock}.${fraction.padEnd(9, '0')}`;
}
