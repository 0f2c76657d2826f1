import { StageFailure } from '../../pipeline/failure.ts';
import { canonicalPart, type RowKey } from '../../pipeline/sync-compare.ts';
import type { Interval } from '../../pipeline/timelabel.ts';
import type { SourceColumn } from './extract-columns.ts';
import { readKeyPart } from './key-text.ts';
import { queryPages, type TextRow } from './query-pages.ts';
import { quoteIdentifier } from './quote.ts';
import { keyOf, keyTexts } from './sync-rows.ts';
import { instantOf, secondsOf, type OpenedSource } from './sync-source.ts';
import { timeCondition, type Condition } from './time-condition.ts';

/** Keys that a person named, as the source writes them. */
export interface TypedKeys {
  readonly columns: readonly SourceColumn[];
  readonly keys: readonly (readonly string[])[];
}

/** Keys that one statement asks for; a statement has at most 65,535 parameters. */
const KEYS_AT_ONCE = 500;

/** @throws StageFailure `invalid_config` for a key that is no value of its columns. */
export function readKnownKeys(
  table: string,
  columns: readonly SourceColumn[],
  keys: readonly (readonly string[])[],
): TypedKeys {
  const read = new Map<string, readonly string[]>();
  for (const key of keys) {
    const parts = columns.flatMap(({ type }, at) => readKeyPart(type, key[at] ?? '') ?? []);
    if (parts.length < columns.length) throw noValue(table, columns, key);
    read.set(JSON.stringify(parts), parts);
  }
  return { columns, keys: [...read.values()] };
}

function noValue(table: string, columns: readonly SourceColumn[], key: readonly string[]): StageFailure {
  const named = columns.map(({ name, declared }) => `${name} (${declared})`).join(', ');
  const [first = ''] = key;
  const written = key.length === 1 ? first : JSON.stringify(key);
  return new StageFailure(
    'invalid_config',
    `A key is no value of the key columns of ${table}, which are ${named}: ${written}. Correct the keys, or name other key columns.`,
    { facts: { table } },
  );
}

/** How many of the keys the table holds. */
export async function countKnownKeys({ session, relation }: OpenedSource, known: TypedKeys): Promise<number> {
  const codes = codesOf(known);
  const found = new Set<string>();
  for (const { sql, values } of keyConditions(known)) {
    const statement = `select distinct ${keyTexts(known.columns)} from ${relation.quoted} where ${sql}`;
    for await (const page of queryPages(session, statement, values))
      for (const row of page) {
        const code = codeOf(known.columns, row);
        if (codes.has(code)) found.add(code);
      }
  }
  return found.size;
}

/** The seconds within a time in which rows with these keys lie: milliseconds since 1970, in pages. */
export async function* secondsOfKeys(
  { session, relation }: OpenedSource,
  cursor: string,
  known: TypedKeys,
  within: Interval,
): AsyncGenerator<readonly number[]> {
  const codes = codesOf(known);
  const time = timeCondition(cursor, within);
  for (const { sql, values } of keyConditions(known)) {
    const statement = `select distinct ${secondsOf(cursor)}, ${keyTexts(known.columns)}
      from ${relation.quoted} where (${sql}) and ${time.sql}`;
    for await (const page of queryPages(session, statement, [...values, ...time.values]))
      yield page
        .filter(([, ...row]) => codes.has(codeOf(known.columns, row)))
        .map(([seconds]) => instantOf(seconds ?? ''));
  }
}

/** Conditions that together hold for all rows with one of the keys, and in a collation that takes `de` for `DE` for more. */
function keyConditions({ columns, keys }: TypedKeys): readonly Condition[] {
  const alternative = `(${columns.map(sameValue).join(' and ')})`;
  return Array.from({ length: Math.ceil(keys.length / KEYS_AT_ONCE) }, (_, at) => {
    const some = keys.slice(at * KEYS_AT_ONCE, (at + 1) * KEYS_AT_ONCE);
    return {
      sql: some.map(() => alternative).join(' or '),
      values: some.flatMap((key) => valuesOf(columns, key)),
    };
  });
}

/** The value is cast and not the column, so that an index is used; MySQL would compare a number with a text as doubles. */
function sameValue({ name, type, asText, characterSet, collation }: SourceColumn): string {
  const column = quoteIdentifier(name);
  switch (type.kind) {
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
      return `${column} = cast(? as signed)`;
    case 'decimal':
      return `${column} = cast(? as decimal(${String(type.precision)},${String(type.scale)}))`;
    case 'date':
      return `${column} = cast(? as date)`;
    case 'timestamp':
      return `${column} = cast(? as datetime(6))`;
    case 'text':
    case 'uuid':
    case 'float32':
    case 'float64':
    case 'json':
    case 'binary':
      if (asText) return `cast(${column} as char character set utf8mb4) = ?`;
      return `${column} = ${textIn(characterSet, collation)}`;
  }
}

/**
 * A text in the character set and the collation of a column, so that its index is used. What the set lacks becomes a question mark,
 * so that other rows are found too. MySQL 8 would take the parameter itself for one of that set, which it then must be, and compares
 * by no collation when two are implied.
 */
function textIn(characterSet = 'utf8mb4', collation: string | undefined): string {
  const text = `convert(cast(? as char character set utf8mb4) using ${quoteIdentifier(characterSet)})`;
  return collation === undefined ? text : `${text} collate ${quoteIdentifier(collation)}`;
}

function valuesOf(columns: readonly SourceColumn[], key: readonly string[]): readonly string[] {
  return columns.map(({ type }, at) => {
    const text = key[at] ?? '';
    if (type.kind === 'boolean') return text === 'true' ? '1' : '0';
    return type.kind === 'timestamp' ? text.replace(/\+00$/u, '') : text;
  });
}

/** The same letters are the same key, whatever the collation of the source says: the warehouse has none. */
function codesOf({ columns, keys }: TypedKeys): ReadonlySet<string> {
  return new Set(keys.map((key) => codeOf(columns, key)));
}

function codeOf(columns: readonly SourceColumn[], row: TextRow | RowKey): string {
  const key = keyOf(columns, row);
  return JSON.stringify(columns.map(({ type }, at) => canonicalPart(type, false, key[at] ?? null)));
}
