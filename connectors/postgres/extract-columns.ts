import { chooseColumns, type ColumnChoice } from '../../pipeline/column-choice.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { PostgresSession } from './connection.ts';
import { neutralType, TEXT } from './extract-types.ts';
import { quoteIdentifier } from './quote.ts';

/** A table, view, materialized view, partitioned or foreign table. */
export interface Relation {
  readonly oid: number;
  readonly kind: string;
  /** `public.orders`, for messages. */
  readonly name: string;
  /** `"public"."orders"`, for statements. */
  readonly quoted: string;
}

export interface SourceColumn extends Column {
  /** Oid of the type, of the base type for a domain, of text for an enum. */
  readonly oid: number;
  /** As people write it: `numeric(10,2)`. */
  readonly declared: string;
}

const FIND_RELATION = `
  select c.oid::int8::text as oid, c.relkind as kind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`;

/**
 * Domains stand for their base type, and enums for text, which their binary form is too. A NOT NULL constraint that was never validated (PostgreSQL 18, NOT VALID) does
 * not keep NULLs out.
 */
const READ_COLUMNS = `
  select a.attname as name, base.oid::int4 as oid, base.typmod,
         pg_catalog.format_type(a.atttypid, a.atttypmod) as declared,
         a.attnotnull and not exists (
           select from pg_catalog.pg_constraint k
           where k.conrelid = a.attrelid and k.contype = 'n' and not k.convalidated and k.conkey = array[a.attnum]
         ) as required
  from pg_catalog.pg_attribute a
  cross join lateral (
    with recursive chain as (
      select a.atttypid as oid, a.atttypmod as typmod
      union all
      select t.typbasetype, t.typtypmod
      from chain join pg_catalog.pg_type t on t.oid = chain.oid
      where t.typtype = 'd'
    )
    select case t.typtype when 'e' then ${TEXT} else chain.oid end as oid, chain.typmod
    from chain join pg_catalog.pg_type t on t.oid = chain.oid
    where t.typtype <> 'd'
  ) base
  where a.attrelid = $1::int8::oid and a.attnum > 0 and not a.attisdropped
  order by a.attnum`;

/** @throws StageFailure `not_found` that names the table and the connection. */
export async function findRelation(
  { client, where }: PostgresSession,
  schema: string,
  table: string,
): Promise<Relation> {
  const found = await client.query<{ oid: string; kind: string }>(FIND_RELATION, [schema, table]);
  const [row] = found.rows;
  const name = `${schema}.${table}`;
  if (row === undefined) {
    throw new StageFailure(
      'not_found',
      `There is no table or view ${name} in PostgreSQL ${where}. ` +
        'Create it, or correct the source of the stage; names are case-sensitive.',
      { facts: { table: name } },
    );
  }
  return {
    oid: Number(row.oid),
    kind: row.kind,
    name,
    quoted: `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`,
  };
}

/**
 * The chosen columns in the order of the table.
 * @throws StageFailure `data_error` that names every column whose type cannot be staged, the types and the cure, and
 * `not_found` for a named column that the table lacks.
 */
export async function readColumns(
  { client }: PostgresSession,
  { oid, name }: Relation,
  choice: ColumnChoice = {},
): Promise<readonly SourceColumn[]> {
  const { rows } = await client.query<{
    name: string;
    oid: number;
    typmod: number;
    declared: string;
    required: boolean;
  }>(READ_COLUMNS, [oid]);
  const read = chooseColumns(name, rows, choice).map((row) => ({
    name: row.name,
    type: neutralType(row.oid, row.typmod),
    nullable: !row.required,
    oid: row.oid,
    declared: row.declared,
  }));
  if (read.length === 0) {
    throw new StageFailure('data_error', `The table ${name} has no columns to extract.`, {
      facts: { table: name },
    });
  }
  const refused = read.filter(({ type }) => type === undefined);
  if (refused.length > 0) throw unsupported(name, refused);
  return read.filter((column): column is typeof column & { type: ColumnType } => column.type !== undefined);
}

function unsupported(
  table: string,
  refused: readonly { readonly name: string; readonly declared: string }[],
): StageFailure {
  const list = refused.map((column) => `${table}.${column.name} (${column.declared})`).join(', ');
  const numeric = refused.some(({ declared }) => declared.startsWith('numeric'))
    ? ' A numeric needs a declared precision of at most 38 digits, e.g. numeric(38,9).'
    : '';
  return new StageFailure(
    'data_error',
    `These columns have a type that cannot be staged unchanged: ${list}. ` +
      `Leave it out with exclude in the stage, or extract a view that casts each to a supported type.${numeric}`,
    { facts: { table, column: refused[0]?.name ?? null, type: refused[0]?.declared ?? null } },
  );
}
