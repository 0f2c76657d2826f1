import type { ColumnType } from '../../pipeline/column.ts';

/** Digits of the whole numbers that a signed integer of so many bits holds. */
const BITS = { int16: 16n, int32: 32n, int64: 64n } as const;

/**
 * A part of a key that a person wrote, as PostgreSQL and Redshift would write a value of the type; undefined when it is none.
 * MySQL itself would make the nearest value of any text, 0 of `abc`, and find another row.
 */
export function readKeyPart(type: ColumnType, text: string): string | undefined {
  switch (type.kind) {
    case 'int16':
    case 'int32':
    case 'int64':
      return integer(text.trim(), BITS[type.kind]);
    case 'decimal':
      return decimal(text.trim(), type.precision, type.scale);
    case 'boolean':
      return /^(true|t|1)$/iu.test(text) ? 'true' : /^(false|f|0)$/iu.test(text) ? 'false' : undefined;
    case 'date':
      return /^\d{4}-\d\d-\d\d$/u.test(text) ? instant(text, false)?.slice(0, 10) : undefined;
    case 'timestamp':
      return instant(text, type.zoned);
    case 'uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(text) ? text.toLowerCase() : undefined;
    case 'text':
      return text;
    case 'float32':
    case 'float64':
    case 'json':
    case 'binary':
      return undefined;
  }
}

function integer(text: string, bits: bigint): string | undefined {
  if (!/^[+-]?\d{1,30}$/u.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/u, ''));
  return BigInt.asIntN(Number(bits), value) === value ? String(value) : undefined;
}

function decimal(text: string, precision: number, scale: number): string | undefined {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/u.exec(text);
  if (match === null || !/\d/u.test(text)) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (whole.length > precision - scale || fraction.length > scale) return undefined;
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/u;

/** `2020-03-01 02:30:00.5`; with `+00` behind it when it is an instant, of which a zone may be written and UTC is meant otherwise. */
function instant(text: string, zoned: boolean): string | undefined {
  const [, day = '', minute = '00:00', second = '00', fraction = '', zone] = TIME.exec(text.trim()) ?? [];
  const whole = Date.parse(`${day}T${minute}:${second}Z`);
  // Of the 30th of February JavaScript makes a day in March.
  if (Number.isNaN(whole) || !new Date(whole).toISOString().startsWith(day)) return undefined;
  if (!zoned) return zone === undefined ? written(whole, fraction) : undefined;
  const moved = whole - minutesOf(zone) * 60_000;
  return Number.isNaN(moved) ? undefined : `${written(moved, fraction)}+00`;
}

function written(instant: number, fraction: string): string {
  const micros = fraction.replace(/0+$/u, '');
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')}${micros === '' ? '' : `.${micros}`}`;
}

function minutesOf(zone = 'Z'): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith('-') ? -minutes : minutes;
}
