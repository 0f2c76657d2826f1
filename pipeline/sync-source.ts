import type { Column } from './column.ts';
import { StageFailure } from './failure.ts';
import type { RowKey } from './sync-compare.ts';
import type { Interval } from './timelabel.ts';

/** A column of a source as searches see it. */
export interface SyncColumn extends Column {
  /** As people write its type: `numeric(10,2)`. */
  readonly declared: string;
  /** Trailing blanks of its values mean nothing. */
  readonly padded: boolean;
}

/** A row's key, and in which of some intervals it lies. */
export interface PlacedKey {
  readonly interval: number;
  readonly key: RowKey;
}

/** Keys that a person named, as the source writes them. */
export interface KnownKeys {
  readonly columns: readonly SyncColumn[];
  readonly keys: readonly (readonly string[])[];
  /** How many of the keys the table holds. */
  count(): Promise<number>;
  /** The seconds within a time in which rows with these keys lie: milliseconds since 1970, in pages. */
  seconds(cursor: string, within: Interval): AsyncGenerator<readonly number[]>;
}

/**
 * A table of a source in one read-only snapshot, for questions about its rows. A cursor is the name of the column that
 * places a row in time; what takes one throws StageFailure `not_found` or `invalid_config` when the column cannot be one.
 * One question is asked at a time: read the pages of an answer to the end before the next. Instants are milliseconds since 1970.
 */
export interface SyncSource {
  /** `public.orders`, for messages. */
  readonly table: string;
  readonly columns: readonly SyncColumn[];
  /** The columns of the primary key in their order; empty without one. */
  primaryKey(): Promise<readonly string[]>;
  /** The first and the last instant of the cursor within a time, rounded down; undefined when it holds no row. */
  extent(
    cursor: string,
    within: Interval,
  ): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** How many rows lie from each start until before the next one, the last until before `end`; one pass over the time. */
  countRows(cursor: string, starts: readonly number[], end: number): Promise<readonly number[]>;
  countAllRows(): Promise<number>;
  /** @throws StageFailure `invalid_config` for a key that is no value of its columns. */
  readKeys(columns: readonly SyncColumn[], keys: readonly (readonly string[])[]): Promise<KnownKeys>;
  /** The keys of the rows from the first start until before `end`, in pages; `interval` counts the starts from 0. */
  keysBetween(
    cursor: string,
    key: readonly SyncColumn[],
    starts: readonly number[],
    end: number,
  ): AsyncGenerator<readonly PlacedKey[]>;
  /** The keys of all rows, in pages. */
  allKeys(key: readonly SyncColumn[]): AsyncGenerator<readonly RowKey[]>;
}

/** A table whose columns are known. */
interface Described<C> {
  readonly table: string;
  readonly columns: readonly C[];
}

/** The columns of these names; a name in another case will do when only one column fits. @throws StageFailure `not_found` */
export function requireColumns<C extends Column>(
  { table, columns }: Described<C>,
  names: readonly string[],
  role: string,
): readonly C[] {
  return names.map((name) => {
    const alike = columns.filter((one) => one.name.toLowerCase() === name.toLowerCase());
    const column = columns.find((one) => one.name === name) ?? (alike.length === 1 ? alike[0] : undefined);
    if (column === undefined) throw noColumn({ table, columns }, name, role);
    return column;
  });
}

/** The column that places a row in time. @throws StageFailure `not_found` or `invalid_config`; `types` names those that can. */
export function requireTimeColumn<C extends Column & { readonly declared: string }>(
  { table, columns }: Described<C>,
  name: string,
  types: string,
): C {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) throw noColumn({ table, columns }, name, 'the stage names as its cursor');
  if (column.type.kind === 'timestamp' || column.type.kind === 'date') return column;
  throw new StageFailure(
    'invalid_config',
    `The cursor ${table}.${name} is of type ${column.declared}. Name a column of type ${types}.`,
    { facts: { table, column: name, type: column.declared } },
  );
}

function noColumn({ table, columns }: Described<Column>, name: string, role: string): StageFailure {
  const known = columns.map((column) => column.name);
  const list = `${known.slice(0, 30).join(', ')}${known.length > 30 ? ' …' : ''}`;
  return new StageFailure(
    'not_found',
    `${table} has no column "${name}", which ${role}. Its columns are ${list}.`,
    { facts: { table, column: name } },
  );
}
