import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { toSalesforceFailure } from './failures.ts';
import { misfit, type FieldDescription } from './field-fit.ts';
import type { Org } from './session.ts';

/** A column of the source and the field that takes it. */
export interface FieldPair {
  readonly column: Column;
  readonly field: FieldDescription;
}

/** What a publish writes to, checked before anything is sent. */
export interface Target {
  /** Name of the object as Salesforce spells it. */
  readonly object: string;
  readonly pairs: readonly FieldPair[];
  /** The external id. */
  readonly key: FieldPair;
}

/** What the configuration says about the object. */
export interface TargetRequest {
  readonly object: string;
  readonly columns: readonly Column[];
  /** Column that holds the external id. */
  readonly key: string;
  /** Field of each column whose field has another name. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Finds the object and a field for every column. Names are compared without regard to case, as Salesforce does.
 * @throws StageFailure `not_found` for the object, `invalid_config` for a field that is absent, read-only, no external id,
 * or of a type that does not hold the column; `unauthorized` when the user may not write the object.
 */
export async function describeTarget(org: Org, request: TargetRequest): Promise<Target> {
  const doing = `describe object ${request.object}`;
  const described = await org.api.describe(request.object).catch((error: unknown) => {
    throw toSalesforceFailure(error, org.where, doing);
  });
  const { name: object, createable, updateable, queryable } = described;
  if (!createable || !updateable || !queryable)
    throw refused(
      'unauthorized',
      org,
      object,
      '',
      `The user may not create and update its records. Give the permission.`,
    );
  const fields = new Map<string, FieldDescription>(
    described.fields.map((field) => [field.name.toLowerCase(), field]),
  );
  const unknown = Object.keys(request.fields).find(
    (name) => !request.columns.some((column) => column.name === name),
  );
  if (unknown !== undefined)
    throw refused(
      'invalid_config',
      org,
      object,
      '',
      `fields: names column "${unknown}", which the source lacks.`,
    );
  const pairs = request.columns.map((column) => {
    const wanted = request.fields[column.name] ?? column.name;
    return pairOf(org, object, column, wanted, fields.get(wanted.toLowerCase()), request.key);
  });
  refuseTwice(org, object, pairs);
  return { object, pairs, key: keyOf(org, object, pairs, request.key) };
}

function pairOf(
  org: Org,
  object: string,
  column: Column,
  wanted: string,
  field: FieldDescription | undefined,
  key: string,
): FieldPair {
  const of = `Column "${column.name}"`;
  if (field === undefined)
    throw refused(
      'invalid_config',
      org,
      object,
      wanted,
      `${of} has no field of that name that the user may see. Write its field under fields:, create it, or give the user access to it.`,
    );
  const writable = field.createable && (field.updateable || column.name === key);
  if (!writable)
    throw refused(
      'invalid_config',
      org,
      object,
      field.name,
      `${of}: the field cannot be written. Leave the column out of the published table, or give the user access to the field.`,
    );
  const why = misfit(column.type, field);
  if (why !== undefined) throw refused('invalid_config', org, object, field.name, `${of}: ${why}.`);
  return { column, field };
}

function refuseTwice(org: Org, object: string, pairs: readonly FieldPair[]): void {
  const taken = new Map<string, string>();
  for (const { column, field } of pairs) {
    const other = taken.get(field.name);
    if (other !== undefined)
      throw refused(
        'invalid_config',
        org,
        object,
        field.name,
        `Columns "${other}" and "${column.name}" both go into it. Write another field for one of them under fields:.`,
      );
    taken.set(field.name, column.name);
  }
}

function keyOf(org: Org, object: string, pairs: readonly FieldPair[], key: string): FieldPair {
  const pair = pairs.find(({ column }) => column.name === key);
  if (pair === undefined)
    throw refused(
      'invalid_config',
      org,
      object,
      '',
      `The publish names key column "${key}", which the source lacks. The columns are ${pairs.map(({ column }) => column.name).join(', ')}.`,
    );
  if (pair.field.externalId || pair.field.idLookup) return pair;
  throw refused(
    'invalid_config',
    org,
    object,
    pair.field.name,
    `Column "${key}" is the key, but the field is no external id, so records cannot be found by it. Check "External ID" in the definition of the field, or name another key.`,
  );
}

function refused(
  failureClass: 'invalid_config' | 'unauthorized',
  { where }: Org,
  object: string,
  field: string,
  what: string,
): StageFailure {
  const at = field === '' ? `object ${object}` : `field ${object}.${field}`;
  return new StageFailure(failureClass, `Salesforce ${where}, ${at}: ${what} Nothing was sent.`, {
    facts: { object, ...(field === '' ? {} : { field }) },
  });
}
