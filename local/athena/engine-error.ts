import { AthenaFault, QueryError } from './fault.ts';
import { positionAt, positionOfName } from './tokens.ts';

/** DuckDB's messages, and what Athena's engine says in the same case. `$1` is the name that DuckDB found wrong. */
const TRANSLATIONS: readonly (readonly [RegExp, (name: string, at: string) => QueryError])[] = [
  [
    /^Binder Error: (?:Referenced|Table "[^"]*" does not have a) column (?:named )?"([^"]+)"/,
    (name, at) =>
      new QueryError(
        `COLUMN_NOT_FOUND: ${at}: Column '${name}' cannot be resolved or requester is not authorized to access requested resources`,
      ),
  ],
  [
    /^Binder Error: (?:Values list|Table) "[^"]*" does not have a column named "([^"]+)"/,
    (name, at) => new QueryError(`COLUMN_NOT_FOUND: ${at}: Column '${name}' cannot be resolved`),
  ],
  [
    /^Binder Error: Ambiguous reference to column name "([^"]+)"/,
    (name, at) => new QueryError(`AMBIGUOUS_NAME: ${at}: Column '${name}' is ambiguous`),
  ],
  [
    /^Binder Error: column "([^"]+)" must appear in the GROUP BY clause/,
    (name, at) =>
      new QueryError(
        `EXPRESSION_NOT_AGGREGATE: ${at}: '${name}' must be an aggregate expression or appear in GROUP BY clause`,
      ),
  ],
  [
    /^Catalog Error: \w+(?: \w+)? with name (\S+) does not exist/,
    (name, at) => new QueryError(`FUNCTION_NOT_FOUND: ${at}: Function '${name}' not registered`),
  ],
];

/** What a failed DuckDB query would have been in Athena: its code, and the position in the text that the caller sent. */
export function engineError(error: unknown, sql: string): QueryError | AthenaFault {
  if (error instanceof QueryError || error instanceof AthenaFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [first = ''] = message.split('\n');
  for (const [pattern, translated] of TRANSLATIONS) {
    const name = pattern.exec(first)?.[1];
    if (name !== undefined) return translated(name, positionOfName(sql, name));
  }
  const [, kind = '', text = first] = /^(\w+(?: \w+)*?) Error: (.*)$/.exec(first) ?? [];
  if (kind === 'Conversion') return new QueryError(`INVALID_CAST_ARGUMENT: ${text}`, { type: 1001 });
  if (kind === 'Out of Range') return new QueryError(`NUMERIC_VALUE_OUT_OF_RANGE: ${text}`, { type: 1001 });
  if (kind === 'Binder') return new QueryError(`TYPE_MISMATCH: ${positionAt(sql, 0)}: ${text}`);
  if (kind === 'Parser') return new QueryError(`SYNTAX_ERROR: ${positionAt(sql, 0)}: ${text}`);
  if (kind === 'Invalid Input') return new QueryError(`INVALID_FUNCTION_ARGUMENT: ${text}`, { type: 1001 });
  return new QueryError(`GENERIC_INTERNAL_ERROR: ${first}`, { category: 1, type: 200 });
}
