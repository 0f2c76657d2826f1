import { DatabaseError } from 'pg';

/** A statement failed with the text that Redshift would show for it. */
export class StatementError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StatementError';
  }
}

/** What DescribeStatement shows under `Error`. Texts that clients are known to look at are Redshift's own. */
export function errorText(error: unknown): string {
  if (error instanceof StatementError) return `ERROR: ${error.message}`;
  if (error instanceof DatabaseError) return databaseErrorText(error);
  if (error instanceof SyntaxError) return `ERROR: ${error.message}`;
  return `ERROR: ${error instanceof Error ? error.message : String(error)}`;
}

function databaseErrorText(error: DatabaseError): string {
  switch (error.code) {
    case '40001':
      // https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
      return `ERROR: 1023\n  Detail: Serializable isolation violation on table - ${error.table ?? 'unknown'}, transactions forming the cycle are: (${error.message})`;
    case '57014':
      return "ERROR: Query cancelled on user's request";
    case '22001':
      return `ERROR: Value too long for character type\n  Detail: ${error.message}`;
    case '23502':
      return `ERROR: Cannot insert a NULL value into column ${error.column ?? 'unknown'}\n  Detail: ${error.detail ?? error.message}`;
    default: {
      const detail = error.detail === undefined ? '' : `\n  Detail: ${error.detail}`;
      const hint = error.hint === undefined ? '' : `\n  Hint: ${error.hint}`;
      return `${error.severity ?? 'ERROR'}: ${error.message}${detail}${hint}`;
    }
  }
}
