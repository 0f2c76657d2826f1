import { describeType, type ColumnType } from '../../pipeline/column.ts';

/** What the describe resource tells of a field, as far as publishing needs it. */
export interface FieldDescription {
  readonly name: string;
  readonly type: string;
  /** Of number fields: digits after the point. */
  readonly scale: number;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly externalId: boolean;
  readonly idLookup: boolean;
}

/** Field types that hold text (Salesforce Object Reference, "Field Types"). */
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'combobox',
  'email',
  'encryptedstring',
  'id',
  'multipicklist',
  'phone',
  'picklist',
  'reference',
  'string',
  'textarea',
  'url',
]);
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['int', 'double', 'currency', 'percent']);

export function isNumberField({ type }: FieldDescription): boolean {
  return NUMBER_FIELDS.has(type);
}

/** Line ends are kept by text areas only. */
export function keepsLineEnds({ type }: FieldDescription): boolean {
  return type === 'textarea';
}

/** Why a field cannot hold the values of a column, with the cure; undefined when it can. Single values may still be refused. */
export function misfit(type: ColumnType, field: FieldDescription): string | undefined {
  if (fieldTypesOf(type).includes(familyOf(field))) return undefined;
  if (type.kind === 'binary')
    return 'Salesforce takes no bytes here; leave the column out of the published table';
  if (type.kind === 'timestamp' && !type.zoned && field.type === 'datetime')
    return "a datetime is an instant, and the column has no time zone; cast it where the table is made, such as col AT TIME ZONE 'UTC', or write it as text with its offset, such as 2024-07-01 00:00:00+00";
  return `a field of type ${field.type} does not hold ${describeType(type)}; cast the column where the table is made`;
}

type Family = 'text' | 'number' | 'boolean' | 'date' | 'datetime' | 'other';

function familyOf(field: FieldDescription): Family {
  if (TEXT_FIELDS.has(field.type)) return 'text';
  if (isNumberField(field)) return 'number';
  return field.type === 'boolean' || field.type === 'date' || field.type === 'datetime'
    ? field.type
    : 'other';
}

function fieldTypesOf(type: ColumnType): readonly Family[] {
  switch (type.kind) {
    case 'boolean':
      return ['boolean'];
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
      return ['number', 'text'];
    case 'float32':
    case 'float64':
      return ['number'];
    case 'date':
      return ['date', 'text'];
    case 'timestamp':
      return type.zoned ? ['datetime'] : ['text'];
    case 'text':
      // Not every warehouse has a type for instants.
      return ['text', 'datetime'];
    case 'json':
    case 'uuid':
      return ['text'];
    case 'binary':
      return [];
  }
}
