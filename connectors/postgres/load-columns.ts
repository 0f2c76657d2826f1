import type pg from 'pg';
import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { neutralType } from './extract-types.ts';
import { loadType, takenAs, type TakenAs } from './load-types.ts';
import { servingName, type ServingTable } from './publish-target.ts';
import { servingHolds } from './publish-types.ts';
import { quoteIdentifier } from './quote.ts';

/** Last in every table that Reefline fills: the label that each row came with (docs/decisions/0004). */
export const LABEL_COLUMN = 'reefline_timelabel';
/** Of new columns; those of character(14) stay. For that COPY counts the characters of every row, a tenth of its time. */
export const LABEL_TYPE = 'text';

export interface LoadTarget {
  readonly dataset: string;
  readonly table: ServingTable;
  /** Columns of the batch. */
  readonly columns: readonly Column[];
  /** Columns that identify a row; empty when rows are not merged. */
  readonly key: readonly string[];
}

/** A table that takes the batch. */
export interface PreparedTarget {
  /** For each column of the batch. */
  readonly taken: readonly TakenAs[];
  /** All columns of the table but the label's, in its order; without those that have no neutral type. */
  readonly columns: readonly Column[];
}

export interface HeldColumn {
  readonly name: string;
  readonly type: string;
  readonly oid: number;
  readonly typmod: number;
  readonly required: boolean;
}

/** In the order of the table; none when it is not there. */
export async function heldColumns(
  client: pg.ClientBase,
  table: ServingTable,
): Promise<readonly HeldColumn[]> {
  const found = await client.query<HeldColumn>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.atttypid::int4 as oid, a.atttypmod as typmod,
       a.attnotnull as required from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [servingName(table)],
  );
  return found.rows;
}

/** How a table with these columns takes the batch. @throws StageFailure `data_error` for a column that it cannot hold. */
export function describeTarget(target: LoadTarget, held: readonly HeldColumn[]): PreparedTarget {
  const columns = held.flatMap((column): Column[] => {
    const type = neutralType(column.oid, column.typmod);
    if (type === undefined || column.name === LABEL_COLUMN) return [];
    return [{ name: column.name, type, nullable: !column.required }];
  });
  const types = new Map(held.map(({ name, type }) => [name, type]));
  const taken = target.columns.map(
    ({ name, type }) => takenAs(types.get(name) ?? loadType(type)) ?? refuseRetyped(target, held),
  );
  return { taken, columns };
}

export function refuseRetyped({ table, columns }: LoadTarget, held: readonly HeldColumn[]): never {
  const retyped = columns.flatMap(({ name, type }) => {
    const there = held.find((column) => column.name === name)?.type;
    return there === undefined || servingHolds(there, type)
      ? []
      : [{ name, there, arriving: describeType(type) }];
  });
  const list = retyped.map(
    ({ name, there, arriving }) => `"${name}" is ${there} there and ${arriving} in the batch`,
  );
  throw new StageFailure(
    'data_error',
    `PostgreSQL table ${table.schema}.${table.table} cannot hold the batch: ${list.join('; ')}. Reefline never changes a column's type: ` +
      'convert the column in the table or restore its type at the source, then run the label again.',
    {
      facts: {
        table: `${table.schema}.${table.table}`,
        column: retyped[0]?.name ?? null,
        from: retyped[0]?.there ?? null,
        to: retyped[0]?.arriving ?? null,
      },
    },
  );
}

export function definition({ name, type }: Column): string {
  return `${quoteIdentifier(name)} ${loadType(type)}`;
}
