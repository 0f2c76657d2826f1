import type { RowKey } from '../../pipeline/sync-compare.ts';
import type { PlacedKey } from '../../pipeline/sync-source.ts';
import type { SourceColumn } from './extract-columns.ts';
import { queryPages } from './query-pages.ts';
import { quoteIdentifier } from './quote.ts';
import { instantOf, placeOf, secondsOf, type OpenedSource } from './sync-source.ts';
import { timeCondition } from './time-condition.ts';

/** The keys of the rows from the first start until before `end`, in pages; `interval` counts the starts from 0. */
export async function* keysBetween(
  { session, relation }: OpenedSource,
  cursor: string,
  key: readonly SourceColumn[],
  starts: readonly number[],
  end: number,
): AsyncGenerator<readonly PlacedKey[]> {
  const { sql, values } = timeCondition(cursor, { start: starts[0] ?? end, end });
  const statement = `select ${secondsOf(cursor)}, ${keyTexts(key)} from ${relation.quoted} where ${sql}`;
  for await (const page of queryPages(session, statement, values))
    yield page.map(([seconds, ...texts]) => ({
      interval: placeOf(starts, instantOf(seconds ?? '')),
      key: keyOf(key, texts),
    }));
}

/** The keys of all rows, in pages. */
export async function* allKeys(
  { session, relation }: OpenedSource,
  key: readonly SourceColumn[],
): AsyncGenerator<readonly RowKey[]> {
  const statement = `select ${keyTexts(key)} from ${relation.quoted}`;
  for await (const page of queryPages(session, statement, [])) yield page.map((texts) => keyOf(key, texts));
}

/** The columns as texts, for `keyOf`. */
export function keyTexts(columns: readonly SourceColumn[]): string {
  return columns.map(keyText).join(', ');
}

function keyText({ name, type }: SourceColumn): string {
  const column = quoteIdentifier(name);
  switch (type.kind) {
    case 'boolean':
      return `case when ${column} then 'true' when not ${column} then 'false' end`;
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
      // As a number, which bits are not before that, and zeros in front of it are no part of.
      return `cast(${column} + 0 as char)`;
    case 'date':
    case 'timestamp':
    case 'text':
    case 'uuid':
    case 'float32':
    case 'float64':
    case 'json':
    case 'binary':
      return `cast(${column} as char character set utf8mb4)`;
  }
}

/** A row's key; a zero date is NULL, which is what an extract makes of it, if it takes it at all. */
export function keyOf(columns: readonly SourceColumn[], texts: RowKey): RowKey {
  return texts.map((text, at) => {
    const kind = columns[at]?.type.kind;
    const isTime = kind === 'date' || kind === 'timestamp';
    return isTime && text?.startsWith('0000-00-00') === true ? null : text;
  });
}
