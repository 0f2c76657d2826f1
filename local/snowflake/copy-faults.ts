import pg from 'pg';
import { Fault } from './fault.ts';
import { otherCase } from './letters.ts';

/** A value that PostgreSQL refused in a COPY, whose message names the column: `COPY stage, line 3, column id: "x"`. */
export function valueFault(error: unknown, file: string, row?: string): Error {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error : new Error(String(error));
  const [, line = '?', column = '', value = ''] =
    /line (\d+)(?:, column ([^:]+))?(?:: "([^"]*)")?/.exec(error.where ?? '') ?? [];
  const shown = otherCase(column);
  const [code, why] =
    error.code === '22001'
      ? ['100078', `String '${value.slice(0, 80)}' is too long and would be truncated`]
      : error.code === '22007' || error.code === '22008'
        ? ['100035', `Timestamp '${value.slice(0, 80)}' is not recognized`]
        : ['100038', `Value '${value}' is not recognized: ${error.message}`];
  const place = row ?? line;
  return new Fault(
    code,
    `${why}\n  File '${file}', line ${place}\n  Row ${place}, column "${shown}"["${shown}":1]`,
    '22000',
  );
}

/** A column as messages of COPY write it, of its name in PostgreSQL and its place, from 1. */
export function shownColumn(name: string, at: number): string {
  return `"${otherCase(name)}"["${otherCase(name)}":${String(at)}]`;
}

export function remoteFile(url: string): Fault {
  return new Fault(
    '091016',
    `Remote file '${url}' was not found. There are several potential causes. The file might not exist. The required credentials may be missing or invalid.`,
    '22000',
  );
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
