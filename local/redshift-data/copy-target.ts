import type pg from 'pg';
import type { CopyCommand } from './copy-command.ts';
import { StatementError } from './sql-error.ts';

export interface TargetColumn {
  readonly name: string;
  /** PostgreSQL's type name without length: `varchar`, `int8`, `numeric` … */
  readonly type: string;
  /** As it was declared: `character varying(10)`. */
  readonly declared: string;
  /** Bytes for characters; undefined for others. */
  readonly length: number | undefined;
  readonly notNull: boolean;
  readonly precision: number;
  readonly scale: number;
}

export interface CopyTarget {
  readonly oid: number;
  readonly columns: readonly TargetColumn[];
}

const QUERY = `
  SELECT a.attname AS name, coalesce(b.typname, t.typname) AS type, t.typname AS own, format_type(a.atttypid, a.atttypmod) AS declared,
    a.atttypmod AS modifier, a.attnotnull AS required, a.attrelid::int8 AS oid
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

/** The columns that a COPY fills, in the order of the file. @throws StatementError when table or column is unknown. */
export async function readTarget(client: pg.ClientBase, command: CopyCommand): Promise<CopyTarget> {
  const { rows } = await client.query<{
    name: string;
    type: string;
    own: string;
    declared: string;
    modifier: number;
    required: boolean;
    oid: string;
  }>({ text: QUERY, values: [command.table] });
  const oid = rows[0]?.oid;
  if (oid === undefined) throw new StatementError(`relation "${command.name}" does not exist`);
  const all = rows.map((row) => describe(row));
  const names = command.columns;
  if (names === undefined) return { oid: Number(oid), columns: all };
  const chosen = names.map((name) => {
    const column = all.find((candidate) => candidate.name === name);
    if (column === undefined)
      throw new StatementError(`column "${name}" of relation "${command.name}" does not exist`);
    return column;
  });
  if (new Set(names).size < names.length)
    throw new StatementError('a column is specified more than once in the COPY column list');
  return { oid: Number(oid), columns: chosen };
}

function describe(row: {
  name: string;
  type: string;
  own: string;
  declared: string;
  modifier: number;
  required: boolean;
}): TargetColumn {
  const characters = row.type === 'varchar' || row.type === 'bpchar';
  const packed = row.type === 'numeric' && row.modifier >= 4 ? row.modifier - 4 : undefined;
  return {
    name: row.name,
    type: row.own === 'super' ? 'super' : row.type,
    declared: row.declared,
    length: characters && row.modifier >= 4 ? row.modifier - 4 : undefined,
    notNull: row.required,
    // A numeric without precision is NUMERIC(18,0) on Redshift; PostgreSQL keeps any number.
    precision: packed === undefined ? 38 : (packed >> 16) & 0xffff,
    scale: packed === undefined ? 0 : packed & 0x7ff,
  };
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
