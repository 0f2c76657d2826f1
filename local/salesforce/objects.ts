import { SalesforceFault } from './fault.ts';

export type FieldType =
  | 'string'
  | 'textarea'
  | 'email'
  | 'picklist'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'date'
  | 'datetime';

/** A field of an object of the org; what is left out is as in a field that was just made. */
export interface FieldDefinition {
  readonly name: string;
  readonly type: FieldType;
  /** Text: most characters, 255 when absent. */
  readonly length?: number;
  /** Numbers: digits in all, and after the point. */
  readonly precision?: number;
  readonly scale?: number;
  readonly externalId?: boolean;
  readonly unique?: boolean;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  /** A restricted picklist. */
  readonly values?: readonly string[];
}

export interface ObjectDefinition {
  readonly name: string;
  readonly fields: readonly FieldDefinition[];
  /** The user may only read it. */
  readonly readOnly?: boolean;
}

/** Fields that every object has and nobody writes. */
const SYSTEM_FIELDS: readonly FieldDefinition[] = [
  { name: 'Id', type: 'string', length: 18, readOnly: true },
  { name: 'CreatedDate', type: 'datetime', readOnly: true },
  { name: 'SystemModstamp', type: 'datetime', readOnly: true },
];

/** The objects of the org. Names of objects and fields are compared without regard to case. */
export class Objects {
  readonly #objects: ReadonlyMap<string, ObjectDefinition>;

  constructor(definitions: readonly ObjectDefinition[]) {
    this.#objects = new Map(
      definitions.map((each) => [
        each.name.toLowerCase(),
        { ...each, fields: [...SYSTEM_FIELDS, ...each.fields] },
      ]),
    );
  }

  all(): readonly ObjectDefinition[] {
    return [...this.#objects.values()];
  }

  find(name: string): ObjectDefinition | undefined {
    return this.#objects.get(name.toLowerCase());
  }

  describe(name: string): object {
    const object = this.find(name);
    if (object === undefined)
      throw new SalesforceFault(404, 'NOT_FOUND', 'The requested resource does not exist');
    const writable = object.readOnly !== true;
    return {
      name: object.name,
      label: object.name,
      createable: writable,
      updateable: writable,
      deletable: writable,
      queryable: true,
      custom: object.name.endsWith('__c'),
      fields: object.fields.map(describeField),
    };
  }
}

export function fieldOf(object: ObjectDefinition, name: string): FieldDefinition | undefined {
  return object.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
}

function describeField(field: FieldDefinition): object {
  const writable = field.readOnly !== true;
  return {
    name: field.name,
    label: field.name,
    type: field.name === 'Id' ? 'id' : field.type,
    length: field.length ?? 255,
    precision: field.precision ?? 0,
    scale: field.scale ?? 0,
    createable: writable,
    updateable: writable,
    nillable: field.required !== true && field.type !== 'boolean',
    defaultedOnCreate: field.type === 'boolean',
    externalId: field.externalId === true,
    idLookup: field.name === 'Id' || field.externalId === true,
    unique: field.unique === true,
    restrictedPicklist: field.values !== undefined,
    picklistValues: (field.values ?? []).map((value) => ({ value, label: value, active: true })),
  };
}
