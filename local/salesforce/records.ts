import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { RowFault } from './fault.ts';
import type { FieldDefinition, ObjectDefinition } from './objects.ts';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The records of the org, in an SQLite database: one table per object, all values as text. */
export class Records {
  readonly #db: DatabaseSync;
  #lastId = 0;

  /** `:memory:`, or a file that may be there already. */
  constructor(path: string, objects: readonly ObjectDefinition[]) {
    this.#db = new DatabaseSync(path);
    for (const object of objects) {
      const columns = object.fields.map(
        ({ name }) => `${quote(name)} TEXT${name === 'Id' ? ' PRIMARY KEY' : ''}`,
      );
      this.#db.exec(`CREATE TABLE IF NOT EXISTS ${quote(object.name)} (${columns.join(', ')})`);
      const { n } = this.#db.prepare(`SELECT count(*) AS n FROM ${quote(object.name)}`).get() as {
        n: number;
      };
      this.#lastId += n;
    }
  }

  close(): void {
    this.#db.close();
  }

  /** Either all of it is done or nothing. */
  transaction(work: () => void): void {
    this.#db.exec('BEGIN');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  select(sql: string, parameters: readonly string[]): readonly Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...parameters);
  }

  /** Updates the record with the external id, or makes one. Values that are not there stay as they are. */
  upsert(
    object: ObjectDefinition,
    key: FieldDefinition,
    values: ReadonlyMap<FieldDefinition, string | null>,
  ): { id: string; created: boolean } {
    const wanted = values.get(key) ?? null;
    if (wanted === null) throw new RowFault('MISSING_ARGUMENT', `${key.name} not specified`, key.name);
    const found = this.#idsWith(object, key, wanted);
    const [id, second] = found;
    if (second !== undefined)
      throw new RowFault(
        'DUPLICATE_EXTERNAL_ID',
        `${key.name}: more than one record found for external id field: [${found.join(', ')}]`,
      );
    this.#refuseTaken(object, values, id);
    refuseMissing(object, values, id === undefined);
    const now = `${new Date().toISOString().slice(0, 19)}.000+0000`;
    const written = [...values].map(([field, value]): [string, SQLInputValue] => [field.name, value]);
    if (id !== undefined) {
      this.#update(object, id, [...written, ['SystemModstamp', now]]);
      return { id, created: false };
    }
    this.#lastId += 1;
    const made = `a00${this.#lastId.toString(36).toUpperCase().padStart(12, '0')}AAA`;
    const unset = object.fields
      .filter((field) => field.type === 'boolean' && !values.has(field))
      .map((field): [string, SQLInputValue] => [field.name, 'false']);
    this.#insert(object, [...written, ...unset, ['Id', made], ['CreatedDate', now], ['SystemModstamp', now]]);
    return { id: made, created: true };
  }

  /** False when there is no record with this id. */
  delete(object: ObjectDefinition, id: string): boolean {
    return this.#db.prepare(`DELETE FROM ${quote(object.name)} WHERE Id = ?`).run(id).changes > 0;
  }

  #idsWith(object: ObjectDefinition, field: FieldDefinition, value: string): readonly string[] {
    const sql = `SELECT Id FROM ${quote(object.name)} WHERE ${quote(field.name)} = ? COLLATE NOCASE`;
    return this.#db
      .prepare(sql)
      .all(value)
      .map((row) => String(row['Id']));
  }

  #refuseTaken(
    object: ObjectDefinition,
    values: ReadonlyMap<FieldDefinition, string | null>,
    id: string | undefined,
  ): void {
    for (const [field, value] of values) {
      if (field.unique !== true || value === null) continue;
      const other = this.#idsWith(object, field, value).find((each) => each !== id);
      if (other !== undefined)
        throw new RowFault(
          'DUPLICATE_VALUE',
          `duplicate value found: ${field.name} duplicates value on record with id: ${other}`,
        );
    }
  }

  #update(object: ObjectDefinition, id: string, values: readonly [string, SQLInputValue][]): void {
    const set = values.map(([name]) => `${quote(name)} = ?`).join(', ');
    this.#db
      .prepare(`UPDATE ${quote(object.name)} SET ${set} WHERE Id = ?`)
      .run(...values.map(([, value]) => value), id);
  }

  #insert(object: ObjectDefinition, values: readonly [string, SQLInputValue][]): void {
    const names = values.map(([name]) => quote(name)).join(', ');
    const places = values.map(() => '?').join(', ');
    this.#db
      .prepare(`INSERT INTO ${quote(object.name)} (${names}) VALUES (${places})`)
      .run(...values.map(([, value]) => value));
  }
}

function refuseMissing(
  object: ObjectDefinition,
  values: ReadonlyMap<FieldDefinition, string | null>,
  creating: boolean,
): void {
  const missing = object.fields
    .filter((field) => field.required === true)
    .filter((field) => (creating ? (values.get(field) ?? null) === null : values.get(field) === null))
    .map(({ name }) => name);
  if (missing.length === 0) return;
  const list = missing.join(', ');
  throw new RowFault('REQUIRED_FIELD_MISSING', `Required fields are missing: [${list}]`, list);
}
