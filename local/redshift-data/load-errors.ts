import type pg from 'pg';
import { StatementError } from './sql-error.ts';
import type { TargetColumn } from './copy-target.ts';

/** A row that COPY would not take, as `stl_load_errors` shows it. */
export interface Rejection {
  readonly file: string;
  readonly line: number;
  readonly column: TargetColumn | undefined;
  readonly raw: string;
  readonly value: string;
  readonly code: number;
  readonly reason: string;
}

/** Which table, statement and session the rejections belong to. */
export interface LoadIdentity {
  readonly table: number;
  readonly query: number;
  readonly session: number;
}

/** The load failed; its rejections are written once its transaction is rolled back. */
export class LoadFailure extends StatementError {
  readonly rejections: readonly Rejection[];
  readonly identity: LoadIdentity;

  constructor(table: string, rejections: readonly Rejection[], identity: LoadIdentity) {
    super(`Load into table '${table}' failed.  Check 'stl_load_errors' system table for details.`);
    this.name = 'LoadFailure';
    this.rejections = rejections;
    this.identity = identity;
  }
}

/** Codes and reasons of https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html */
export function conversionFailure(
  column: TargetColumn | undefined,
  value: string,
): { code: number; reason: string } {
  switch (column?.type) {
    case 'int2':
    case 'int4':
    case 'int8':
      return {
        code: 1207,
        reason: `Invalid digit, Value '${value.slice(0, 1)}', Pos 0, Type: ${INTEGERS[column.type]}`,
      };
    case 'numeric':
      return { code: 1207, reason: `Invalid digit, Value '${value.slice(0, 1)}', Pos 0, Type: Decimal` };
    case 'float4':
    case 'float8':
      return { code: 1207, reason: `Invalid digit, Value '${value.slice(0, 1)}', Pos 0, Type: Double` };
    case 'date':
      return { code: 1205, reason: 'Invalid Date Format - length must be 10 or more' };
    case 'timestamp':
    case 'timestamptz':
      return { code: 1206, reason: 'Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]' };
    case 'bool':
      return { code: 1210, reason: 'Unknown boolean format' };
    case undefined:
    default:
      return { code: 1224, reason: `Invalid value for type ${column?.declared ?? 'unknown'}` };
  }
}

const INTEGERS = { int2: 'Short', int4: 'Integer', int8: 'Long' } as const;

const INSERT = `
  INSERT INTO pg_catalog.redshift_load_error
    (tbl, starttime, session, query, filename, line_number, colname, type, col_length, raw_line, raw_field_value, err_code, err_reason)
  SELECT $1, now() AT TIME ZONE 'UTC', $2, $3, * FROM unnest($4::text[], $5::int8[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::text[])`;

export async function saveRejections(
  client: pg.ClientBase,
  identity: LoadIdentity,
  rejections: readonly Rejection[],
): Promise<void> {
  if (rejections.length === 0) return;
  await client.query(INSERT, [
    identity.table,
    identity.session,
    identity.query,
    rejections.map(({ file }) => file.slice(0, 256)),
    rejections.map(({ line }) => line),
    rejections.map(({ column }) => column?.name ?? null),
    rejections.map(({ column }) => column?.type.slice(0, 20) ?? null),
    rejections.map(({ column }) => String(column?.length ?? '')),
    rejections.map(({ raw }) => raw.slice(0, 1024).replaceAll('\0', '')),
    rejections.map(({ value }) => value.slice(0, 1024).replaceAll('\0', '')),
    rejections.map(({ code }) => code),
    rejections.map(({ reason }) => reason.slice(0, 200)),
  ]);
}
