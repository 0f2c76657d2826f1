import { SalesforceFault } from './fault.ts';
import { fieldOf, type FieldDefinition, type ObjectDefinition, type Objects } from './objects.ts';
import type { Records } from './records.ts';

/** `SELECT fields FROM object [WHERE field = 'text' | null] [ORDER BY field [DESC]] [LIMIT n]`; the rest of SOQL is refused. */
const QUERY =
  /^\s*select\s+(.+?)\s+from\s+(\w+)(?:\s+where\s+(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|null))?(?:\s+order\s+by\s+(\w+)(?:\s+(asc|desc))?)?(?:\s+limit\s+(\d+))?\s*$/is;
/** A page of the service; this org has no second one. */
const PAGE_ROWS = 2000;

/** The answer of the query resource, with values in the JSON types of their fields. */
export function query(objects: Objects, records: Records, soql: string): object {
  const parts = QUERY.exec(soql);
  if (parts === null) throw new SalesforceFault(400, 'MALFORMED_QUERY', `unexpected token in: ${soql}`);
  const [, list = '', from = '', where, wanted = 'null', order, direction = 'asc', limit] = parts;
  const object = objects.find(from);
  if (object === undefined)
    throw new SalesforceFault(400, 'INVALID_TYPE', `sObject type '${from}' is not supported.`);
  const fields = list.split(',').map((name) => known(object, name.trim()));
  const text = wanted.toLowerCase() === 'null' ? undefined : wanted.slice(1, -1).replace(/\\(.)/gs, '$1');
  const filter =
    where === undefined
      ? ''
      : ` WHERE "${known(object, where).name}" ${text === undefined ? 'IS NULL' : '= ? COLLATE NOCASE'}`;
  const sort = order === undefined ? '' : ` ORDER BY "${known(object, order).name}" ${direction}`;
  const columns = fields.map(({ name }) => `"${name}"`).join(', ');
  const most = Math.min(Number(limit ?? PAGE_ROWS + 1), PAGE_ROWS + 1);
  const rows = records.select(
    `SELECT ${columns} FROM "${object.name}"${filter}${sort} LIMIT ${String(most)}`,
    text === undefined ? [] : [text],
  );
  if (rows.length > PAGE_ROWS)
    throw new SalesforceFault(
      400,
      'EXCEEDED_ID_LIMIT',
      `This local org answers ${String(PAGE_ROWS)} rows: add a LIMIT.`,
    );
  return {
    totalSize: rows.length,
    done: true,
    records: rows.map((row) => ({
      attributes: { type: object.name },
      ...Object.fromEntries(fields.map((field) => [field.name, jsonValue(field, row[field.name])])),
    })),
  };
}

function known(object: ObjectDefinition, name: string): FieldDefinition {
  const field = fieldOf(object, name);
  if (field === undefined)
    throw new SalesforceFault(400, 'INVALID_FIELD', `No such column '${name}' on entity '${object.name}'.`);
  return field;
}

function jsonValue({ type }: FieldDefinition, value: unknown): unknown {
  if (typeof value !== 'string') return null;
  if (type === 'boolean') return value === 'true';
  return type === 'int' || type === 'double' || type === 'currency' ? Number(value) : value;
}
