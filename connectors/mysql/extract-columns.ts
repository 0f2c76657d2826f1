import { chooseColumns, type ColumnChoice } from '../../pipeline/column-choice.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { MysqlSession } from './connection.ts';
import { characterSetOf, stagedType } from './extract-types.ts';
import { toMysqlFailure } from './failures.ts';
import { quoteIdentifier } from './quote.ts';

/** A table or a view. */
export interface Relation {
  /** `shop.orders`, for messages. */
  readonly name: string;
  /** For statements, in backticks. */
  readonly quoted: string;
}

export interface SourceColumn extends Column {
  /** As people write it: `bigint(20) unsigned`. */
  readonly declared: string;
  /** The server writes it as text, because its own form is none that files know. */
  readonly asText: boolean;
  /** Of a text; undefined for what is none. */
  readonly characterSet: string | undefined;
  /** By what the texts are compared; undefined for what is none. */
  readonly collation: string | undefined;
}

/**
 * Looks at the table in the transaction that is open, which keeps others from changing its columns until it ends.
 * @throws StageFailure `not_found` that names the table and the connection, `unauthorized` when a column may not be read.
 */
export async function holdRelation(session: MysqlSession, schema: string, table: string): Promise<Relation> {
  const name = `${schema}.${table}`;
  const quoted = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  try {
    await session.query(`select * from ${quoted} limit 0`);
  } catch (error) {
    const failure = toMysqlFailure(error, session.where, `extract ${name}`);
    if (failure.failureClass !== 'not_found') throw failure;
    throw new StageFailure(
      'not_found',
      `There is no table or view ${name} in MySQL ${session.where}. ` +
        'Create it, or correct the source of the stage; names are case-sensitive on most servers.',
      { cause: error, facts: { table: name } },
    );
  }
  return { name, quoted };
}

/**
 * The chosen columns in the order of the table, without those that are declared INVISIBLE.
 * @throws StageFailure `data_error` that names every column whose type cannot be staged, the types and the cure, and
 * `not_found` for a named column that the table lacks.
 */
export async function readColumns(
  session: MysqlSession,
  { name, quoted }: Relation,
  choice: ColumnChoice = {},
): Promise<readonly SourceColumn[]> {
  const rows = await session.query<{
    Field: string;
    Type: string;
    Collation: string | null;
    Null: string;
    Extra: string;
  }>(`show full columns from ${quoted}`);
  const visible = rows
    .filter(({ Extra }) => !/\bINVISIBLE\b/u.test(Extra))
    .map((row) => ({ row, name: row.Field, staged: stagedType(row.Type) }));
  const read = chooseColumns(name, visible, choice);
  const refused = read.filter(({ staged }) => staged === undefined).map(({ row }) => row);
  if (refused.length > 0) throw unsupported(name, refused);
  return read.flatMap(({ row, staged }) =>
    staged === undefined
      ? []
      : [
          {
            name: row.Field,
            type: staged.type,
            nullable: row.Null === 'YES',
            declared: row.Type,
            asText: staged.asText === true,
            characterSet: characterSetOf(row.Collation),
            collation: row.Collation ?? undefined,
          },
        ],
  );
}

function unsupported(
  table: string,
  refused: readonly { readonly Field: string; readonly Type: string }[],
): StageFailure {
  const list = refused.map(({ Field, Type }) => `${table}.${Field} (${Type})`).join(', ');
  const decimal = refused.some(({ Type }) => Type.startsWith('decimal'))
    ? ' A decimal may have at most 38 digits.'
    : '';
  return new StageFailure(
    'data_error',
    `These columns have a type that cannot be staged unchanged: ${list}. ` +
      `Leave it out with exclude in the stage, or extract a view that casts each to a supported type.${decimal}`,
    { facts: { table, column: refused[0]?.Field ?? null, type: refused[0]?.Type ?? null } },
  );
}
