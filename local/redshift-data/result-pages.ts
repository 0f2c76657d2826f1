import type { FieldDef } from 'pg';
import { StatementError } from './sql-error.ts';
import type { StatementStore } from './statement-store.ts';

/** The service refuses results above 100 MB and answers in pages of about a megabyte. */
const RESULT_LIMIT_BYTES = 100 * 1024 * 1024;
const PAGE_BYTES = 1024 * 1024;
const PAGE_ROWS = 1000;

interface TypeShape {
  readonly name: string;
  readonly field: 'booleanValue' | 'longValue' | 'doubleValue' | 'stringValue' | 'blobValue';
  readonly length: number;
}

/** By PostgreSQL type OID; names are those that Redshift reports. */
const TYPES: Readonly<Record<number, TypeShape>> = {
  16: { name: 'bool', field: 'booleanValue', length: 1 },
  17: { name: 'varbyte', field: 'blobValue', length: 0 },
  20: { name: 'int8', field: 'longValue', length: 19 },
  21: { name: 'int2', field: 'longValue', length: 5 },
  23: { name: 'int4', field: 'longValue', length: 10 },
  25: { name: 'varchar', field: 'stringValue', length: 0 },
  26: { name: 'oid', field: 'longValue', length: 10 },
  700: { name: 'float4', field: 'doubleValue', length: 8 },
  701: { name: 'float8', field: 'doubleValue', length: 17 },
  1042: { name: 'bpchar', field: 'stringValue', length: 0 },
  1043: { name: 'varchar', field: 'stringValue', length: 0 },
  1082: { name: 'date', field: 'stringValue', length: 13 },
  1083: { name: 'time', field: 'stringValue', length: 15 },
  1114: { name: 'timestamp', field: 'stringValue', length: 29 },
  1184: { name: 'timestamptz', field: 'stringValue', length: 35 },
  1266: { name: 'timetz', field: 'stringValue', length: 21 },
  1700: { name: 'numeric', field: 'stringValue', length: 38 },
  3802: { name: 'super', field: 'stringValue', length: 0 },
};
const OTHER: TypeShape = { name: 'varchar', field: 'stringValue', length: 0 };

/** Collects the rows of one result as JSON texts and stores them page by page. */
export class ResultPages {
  readonly #store: StatementStore;
  readonly #id: string;
  #rows: string[] = [];
  #bytesInPage = 0;
  #page = 0;
  total = 0;
  bytes = 0;

  constructor(store: StatementStore, id: string) {
    this.#store = store;
    this.#id = id;
  }

  /** `row` holds PostgreSQL's text format. @throws StatementError above the service's limit. */
  add(row: readonly (string | null)[], fields: readonly FieldDef[]): void {
    const text = `[${row.map((value, at) => fieldJson(value, fields[at]?.dataTypeID ?? 0)).join(',')}]`;
    for (const value of row) this.bytes += value === null ? 0 : Buffer.byteLength(value);
    if (this.bytes > RESULT_LIMIT_BYTES) {
      throw new StatementError('Query result size limit exceeded: the result is larger than 100 MB.');
    }
    this.#rows.push(text);
    this.#bytesInPage += text.length;
    this.total++;
    if (this.#rows.length >= PAGE_ROWS || this.#bytesInPage >= PAGE_BYTES) this.#flush();
  }

  finish(fields: readonly FieldDef[]): void {
    if (this.#rows.length > 0 || this.#page === 0) this.#flush();
    this.#store.saveColumns(this.#id, JSON.stringify(fields.map(columnMetadata)), this.total);
  }

  #flush(): void {
    this.#store.savePage(this.#id, this.#page++, `[${this.#rows.join(',')}]`);
    this.#rows = [];
    this.#bytesInPage = 0;
  }
}

/** Numbers are written with the digits of the server, because a JavaScript number would round large ones. */
function fieldJson(value: string | null, oid: number): string {
  if (value === null) return '{"isNull":true}';
  const { field } = TYPES[oid] ?? OTHER;
  switch (field) {
    case 'booleanValue':
      return `{"booleanValue":${value === 't' ? 'true' : 'false'}}`;
    case 'longValue':
      return `{"longValue":${value}}`;
    case 'doubleValue':
      return /^-?(?:NaN|Infinity)$/.test(value) ? `{"doubleValue":"${value}"}` : `{"doubleValue":${value}}`;
    case 'blobValue':
      return `{"blobValue":"${Buffer.from(value.slice(2), 'hex').toString('base64')}"}`;
    case 'stringValue':
      return `{"stringValue":${JSON.stringify(value)}}`;
  }
}

/** Type modifiers as PostgreSQL sends them: length + 4 for characters, precision and scale packed for numeric. */
function columnMetadata(field: FieldDef): Record<string, string | number | boolean> {
  const shape = TYPES[field.dataTypeID] ?? OTHER;
  const modifier = field.dataTypeModifier;
  const numeric = shape.name === 'numeric';
  const character = shape.name === 'varchar' || shape.name === 'bpchar';
  let precision = shape.length;
  if (modifier >= 4 && numeric) precision = ((modifier - 4) >> 16) & 0xffff;
  if (modifier >= 4 && character) precision = modifier - 4;
  return {
    isCaseSensitive: character,
    isCurrency: false,
    isSigned: ['longValue', 'doubleValue'].includes(shape.field) || numeric,
    label: field.name,
    name: field.name,
    nullable: 1,
    precision,
    scale: modifier >= 4 && numeric ? (modifier - 4) & 0x7ff : 0,
    schemaName: '',
    tableName: '',
    typeName: shape.name,
    length: 0,
  };
}
