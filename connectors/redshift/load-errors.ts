import type { DescribeStatementResponse, SubStatementData } from '@aws-sdk/client-redshift-data';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import { classOfStatementError, redshiftCode } from './failures.ts';
import { readRows } from './results.ts';
import { describe, follow, submit, type Watch } from './statement.ts';

/** The first value that COPY could not load. */
interface RejectedValue {
  readonly file: string;
  readonly line: number | null;
  readonly column: string;
  readonly reason: string;
  readonly value: string;
}

/**
 * The failure of a statement that ended as FAILED or ABORTED. For a COPY that rejected a value it asks the warehouse
 * which one, and names file, line, column and reason.
 */
export async function loadFailure(
  warehouse: Warehouse,
  state: DescribeStatementResponse,
  doing: string,
  watch: Watch,
): Promise<StageFailure> {
  const sub = failedPart(state);
  const text = (sub?.Error ?? state.Error ?? 'no reason given').trim();
  const facts = { statement: sub?.Id ?? state.Id ?? null, code: redshiftCode(text) ?? null };
  if (state.Status === 'ABORTED') {
    return new StageFailure(
      'unavailable',
      `Redshift could not ${doing}: the statement was cancelled from outside. ${text}`,
      { facts },
    );
  }
  const rejected = /^\s*COPY\b/i.test(sub?.QueryString ?? '')
    ? await rejectedValue(warehouse, state, sub, watch)
    : undefined;
  if (rejected === undefined) {
    const message = `Redshift could not ${doing}: ${text}${cureOf(text)}`;
    return new StageFailure(classOfStatementError(text), message, { facts: { ...facts, ...namedIn(text) } });
  }
  const { file, line, column, reason, value } = rejected;
  const place = `${file}${line === null ? '' : `, line ${String(line)}`}${column === '' ? '' : `, column "${column}"`}`;
  const shown = value === '' ? '' : ` Value: ${JSON.stringify(value.slice(0, 100))}.`;
  return new StageFailure(
    'data_error',
    `Redshift could not ${doing}: COPY rejected ${place}: ${reason}.${shown}`,
    { facts: { ...facts, file, line, column, reason } },
  );
}

/** The statement that failed; those that were rolled back with it, or never ran, are ABORTED and say nothing. */
function failedPart({ SubStatements: parts = [] }: DescribeStatementResponse): SubStatementData | undefined {
  return (
    parts.find((part) => part.Status === 'FAILED') ??
    parts.find((part) => part.Status === 'ABORTED' && part.Error)
  );
}

/** COPY of columnar files writes no load errors; the text of its message names the file and the column. */
function namedIn(text: string): { file?: string; column?: string } {
  const file =
    /(?:File name: |File '|S3 key being read : )([^\s',]+)/.exec(text)?.[1] ??
    /s3:\/\/[^\s',]+/.exec(text)?.[0];
  const column = /(?:data column |Column: )([^\s,]+)/.exec(text)?.[1];
  return { ...(file === undefined ? {} : { file }), ...(column === undefined ? {} : { column }) };
}

/** Serverless has the SYS view only; older clusters the STL table only. Either may be closed to the user: then the statement's text must do. */
async function rejectedValue(
  warehouse: Warehouse,
  state: DescribeStatementResponse,
  sub: SubStatementData | undefined,
  watch: Watch,
): Promise<RejectedValue | undefined> {
  const query = sub?.RedshiftQueryId ?? -1;
  const pid = state.RedshiftPid ?? -1;
  const sys = query > 0 ? `query_id = ${String(query)}` : `session_id = ${String(pid)}`;
  const stl = query > 0 ? `query = ${String(query)}` : `session = ${String(pid)}`;
  const value = `SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(error_message), '' FROM sys_load_error_detail WHERE ${sys} ORDER BY start_time DESC LIMIT 1`;
  const older = `SELECT TRIM(filename), line_number, TRIM(colname), TRIM(err_reason), TRIM(raw_field_value) FROM stl_load_errors WHERE ${stl} ORDER BY starttime DESC LIMIT 1`;
  return (await readRejected(warehouse, older, watch)) ?? (await readRejected(warehouse, value, watch));
}

async function readRejected(
  warehouse: Warehouse,
  sql: string,
  watch: Watch,
): Promise<RejectedValue | undefined> {
  const { id } = await submit(warehouse, [sql], undefined, watch.signal);
  const state = await follow(warehouse, id, watch);
  if (state.Status !== 'FINISHED') return undefined;
  const [row] = await readRows(warehouse, await describe(warehouse, id, 0, watch.signal), 0, watch);
  if (row === undefined) return undefined;
  const [file, line, column, reason, value] = row;
  return {
    file: file ?? 'unknown file',
    line: line === null || line === undefined ? null : Number(line),
    column: column ?? '',
    reason: reason ?? 'no reason given',
    value: value ?? '',
  };
}

/** A mixture of isolation and one marker table makes concurrent loads of a serializable database collide. */
function cureOf(text: string): string {
  if (redshiftCode(text) !== '1023') return '';
  return ' It is tried again. When this happens often, set the database to snapshot isolation: ALTER DATABASE … ISOLATION LEVEL SNAPSHOT.';
}
