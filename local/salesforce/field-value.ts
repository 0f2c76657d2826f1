import { RowFault } from './fault.ts';
import type { FieldDefinition } from './objects.ts';

/**
 * The text that the org stores for a value of a CSV, null for `#N/A`. As the service does, it changes what it can store only
 * roughly (blanks at the ends, line ends in one-line fields, digits and milliseconds too many) and refuses the rest.
 */
export function storedValue(field: FieldDefinition, value: string): string | null {
  if (value === '#N/A') return field.type === 'boolean' ? wrongType(field, value) : null;
  switch (field.type) {
    case 'string':
    case 'textarea':
    case 'email':
    case 'picklist':
      return textValue(field, value);
    case 'int':
    case 'double':
    case 'currency':
      return numberValue(field, value);
    case 'boolean':
      if (/^(true|1)$/i.test(value)) return 'true';
      return /^(false|0)$/i.test(value) ? 'false' : wrongType(field, value);
    case 'date':
      return validDate(value.slice(0, 10)) && /^\d{4}-\d\d-\d\d/.test(value)
        ? value.slice(0, 10)
        : wrongType(field, value);
    case 'datetime':
      return datetimeValue(field, value);
  }
}

function textValue(field: FieldDefinition, value: string): string | null {
  const trimmed = value.trim();
  const text = field.type === 'textarea' ? trimmed : trimmed.replace(/\r?\n|\r/g, ' ');
  const length = field.length ?? 255;
  if (text.length > length)
    throw new RowFault(
      'STRING_TOO_LONG',
      `${field.name}: data value too large: ${text.slice(0, 100)} (max length=${String(length)})`,
      field.name,
    );
  if (field.type === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text))
    throw new RowFault('INVALID_EMAIL_ADDRESS', `${field.name}: invalid email address: ${text}`, field.name);
  if (field.values !== undefined && !field.values.includes(text))
    throw new RowFault(
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      `${field.name}: bad value for restricted picklist field: ${text}`,
      field.name,
    );
  return text === '' ? null : text;
}

function numberValue(field: FieldDefinition, value: string): string {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) return wrongType(field, value);
  const scale = field.type === 'int' ? 0 : (field.scale ?? 0);
  const room = (field.precision ?? 18) - scale;
  const rounded = number.toFixed(scale);
  checkRoom(field, rounded, room);
  return String(Number(rounded));
}

function checkRoom(field: FieldDefinition, rounded: string, room: number): void {
  const whole = rounded.replace(/^-/, '').split('.')[0] ?? '';
  if (whole.length <= room) return;
  throw new RowFault(
    'NUMBER_OUTSIDE_VALID_RANGE',
    `${field.name}: value outside of valid range on numeric field: ${rounded}`,
    field.name,
  );
}

function datetimeValue(field: FieldDefinition, value: string): string {
  const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)$/.test(value);
  const instant = Date.parse(value);
  if (!zoned || Number.isNaN(instant)) return wrongType(field, value);
  const seconds = new Date(Math.floor(instant / 1000) * 1000);
  return `${seconds.toISOString().slice(0, 19)}.000+0000`;
}

function validDate(text: string): boolean {
  return !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function wrongType(field: FieldDefinition, value: string): never {
  throw new RowFault(
    'INVALID_TYPE_ON_FIELD_IN_RECORD',
    `${field.name}: value not of required type: ${value.slice(0, 100)}`,
    field.name,
  );
}
