import type { ColumnType } from '../../pipeline/column.ts';
import { isNumberField, keepsLineEnds, type FieldDescription } from './field-fit.ts';

/** How Bulk API 2.0 writes NULL. An empty value leaves the field as it is. */
export const NULL_TEXT = '#N/A';

/** Text of a value for a field, or why the field would not keep it. */
export type FieldValue = { readonly text: string } | { readonly refused: string };

/**
 * What is sent for a value (PostgreSQL's text of the column's type). Refused is what Salesforce would store differently without
 * saying so; what it refuses by itself, such as a text that is too long, is left to it and becomes a failed row.
 */
export function fieldValue(value: string | null, type: ColumnType, field: FieldDescription): FieldValue {
  if (value === null)
    return field.type === 'boolean'
      ? refused('NULL, which a checkbox cannot hold; write COALESCE(col, false)')
      : { text: NULL_TEXT };
  if (isNumberField(field)) return numberValue(value, field);
  switch (field.type) {
    case 'boolean':
      return { text: value === 't' || value === 'true' ? 'true' : 'false' };
    case 'date':
      return dateValue(value);
    case 'datetime':
      return datetimeValue(value);
    default:
      return type.kind === 'text' || type.kind === 'json' ? textValue(value, field) : { text: value };
  }
}

/** Salesforce rounds to the field's scale, and its API carries numbers as doubles. */
function numberValue(value: string, { scale, type }: FieldDescription): FieldValue {
  const number = Number(value);
  if (!Number.isFinite(number)) return refused(`${value}, which no number field holds`);
  const exact = plainDecimal(value);
  const digits = exact.split('.')[1]?.length ?? 0;
  const places = type === 'int' ? 0 : scale;
  if (digits > places)
    return refused(
      `${value}, and the field keeps ${String(places)} digits after the point; round the column, or give the field more`,
    );
  if (plainDecimal(String(number)) !== exact)
    return refused(`${value}, which has more digits than Salesforce keeps; send it to a text field`);
  return { text: exact };
}

/** A number without exponent, without zeros that say nothing: `1.50` and `15e-1` are `1.5`. */
export function plainDecimal(text: string): string {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  const padded = `${'0'.repeat(Math.max(0, -shift))}${whole}${fraction}${'0'.repeat(Math.max(0, shift))}`;
  const point = Math.max(0, -shift) + whole.length + shift;
  const units = padded.slice(0, point).replace(/^0+(?=\d)/, '') || '0';
  const rest = padded.slice(point).replace(/0+$/, '');
  const plain = rest === '' ? units : `${units}.${rest}`;
  return sign === '-' && plain !== '0' ? `-${plain}` : plain;
}

/** Dates from 1700 to 4000 (Salesforce Help, "Custom Field Types", Date). */
function dateValue(value: string): FieldValue {
  const year = /^(\d{4})-\d\d-\d\d$/.exec(value)?.[1];
  return year === undefined || !inRange(Number(year))
    ? refused(`${value}, and Salesforce keeps dates of the years 1700 to 4000`)
    : { text: value };
}

function inRange(year: number): boolean {
  return year >= 1700 && year < 4000;
}

/** A datetime has a precision of one second (Salesforce Object Reference, "Primitive Data Types"). */
function datetimeValue(value: string): FieldValue {
  const parts =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-]\d\d)(?::?(\d\d))?(?::?(\d\d))?)$/.exec(value);
  const [, date = '', time = '', fraction = '', hours = '+00', minutes = '00', seconds = '00'] = parts ?? [];
  const local = new Date(`${date}T${time}Z`);
  // A text may name a day or an hour that there is not, which would become another one.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(`${date}T${time}`))
    return refused(`${value}, which is no time that Salesforce keeps`);
  if (/[1-9]/.test(fraction))
    return refused(`${value}, and a datetime keeps whole seconds; write DATE_TRUNC('second', col)`);
  const offset = (Number(hours.slice(1)) * 60 + Number(minutes)) * 60 + Number(seconds);
  const instant = new Date(local.getTime() - (hours.startsWith('-') ? -offset : offset) * 1000);
  return inRange(instant.getUTCFullYear())
    ? { text: instant.toISOString() }
    : refused(`${value}, and Salesforce keeps times of the years 1700 to 4000`);
}

/** Salesforce trims text, has no empty text beside NULL, and stores line ends and control characters in its own way. */
function textValue(value: string, field: FieldDescription): FieldValue {
  if (value === '')
    return refused("an empty text, which Salesforce does not tell from NULL; write NULLIF(col, '')");
  if (value === NULL_TEXT) return refused(`the text ${NULL_TEXT}, which stands for NULL`);
  if (/^\s|\s$/u.test(value))
    return refused('a text with blanks at its ends, which Salesforce cuts off; write TRIM(col)');
  if (value.includes('\n') && !keepsLineEnds(field))
    return refused(
      `a text with a line end, which a field of type ${field.type} does not keep; use a text area`,
    );
  if (/[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/.test(value))
    return refused(
      'a text with a control character (a carriage return among them), which Salesforce does not keep',
    );
  return { text: value };
}

function refused(why: string): FieldValue {
  return { refused: why };
}
