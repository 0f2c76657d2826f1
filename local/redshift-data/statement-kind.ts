import { StatementError } from './sql-error.ts';
import { closing, significant, type Token } from './tokens.ts';

export type StatementKind = 'copy' | 'query' | 'create-table' | 'create-as' | 'command';

/** First words of statements that a transaction cannot hold on Redshift (TRUNCATE would commit it). */
const NOT_IN_A_TRANSACTION: readonly RegExp[] = [
  /^TRUNCATE\b/,
  /^VACUUM\b/,
  /^(?:CREATE|DROP|ALTER) DATABASE\b/,
  /^CREATE EXTERNAL TABLE\b/,
];

/** Known to Redshift, unknown to this stand-in: refused by name rather than half done. */
const UNSUPPORTED: readonly RegExp[] = [
  /^UNLOAD\b/,
  /^ALTER TABLE .* APPEND FROM\b/,
  /^CREATE EXTERNAL\b/,
  /^(?:CREATE|ALTER|DROP) (?:DATASHARE|MODEL|LIBRARY|IDENTITY PROVIDER|MASKING POLICY|RLS POLICY)\b/,
  /^CREATE (?:OR REPLACE )?(?:PROCEDURE|FUNCTION|EXTERNAL FUNCTION)\b/,
  /^MERGE\b.* REMOVE DUPLICATES$/,
  /WITH NO SCHEMA BINDING$/,
  /^(?:SHOW) (?:TABLES|SCHEMAS|COLUMNS|DATABASES|TABLE|VIEW|EXTERNAL|DATASHARES|GRANTS|MODEL|PROCEDURE)\b/,
];

/** @throws StatementError for what neither a stand-in nor the Data API would run. */
export function classify(tokens: readonly Token[], insideTransaction: boolean): StatementKind {
  const words = significant(tokens);
  if (words.some((token, at) => token.key === ';' && at < words.length - 1)) {
    throw new StatementError('cannot insert multiple commands into a prepared statement');
  }
  const head = words
    .filter((token) => token.key !== ';')
    .map((token) => token.key)
    .join(' ');
  if (/^(?:BEGIN|COMMIT|ROLLBACK|END|ABORT|START TRANSACTION|SAVEPOINT|RELEASE|PREPARE)\b/.test(head)) {
    throw new StatementError(
      `${words[0]?.key ?? ''} is not supported: the Data API controls the transaction`,
    );
  }
  const name = words
    .slice(0, 3)
    .map((token) => token.text)
    .join(' ');
  if (UNSUPPORTED.some((pattern) => pattern.test(head))) {
    throw new StatementError(`${name} … is not supported by this local Redshift`);
  }
  if (insideTransaction && NOT_IN_A_TRANSACTION.some((pattern) => pattern.test(head))) {
    throw new StatementError(`${words[0]?.key ?? ''} cannot run inside a multiple commands statement`);
  }
  return kindOf(head, words);
}

function kindOf(head: string, words: readonly Token[]): StatementKind {
  if (/^COPY\b/.test(head)) return 'copy';
  if (/^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|\()/.test(head)) return 'query';
  if (/^CREATE (?:(?:LOCAL )?TEMP(?:ORARY)? )?TABLE\b/.test(head)) {
    const open = words.findIndex((token) => token.key === '(');
    const as = words.findIndex((token) => token.key === 'AS');
    if (
      as >= 0 &&
      (open < 0 || as < open || words.findIndex((t, at) => t.key === 'AS' && at > closing(words, open)) >= 0)
    ) {
      return 'create-as';
    }
    return 'create-table';
  }
  if (/^CREATE (?:OR REPLACE )?(?:MATERIALIZED )?VIEW\b/.test(head)) return 'create-as';
  if (/^ALTER TABLE\b/.test(head)) return 'create-table';
  return 'command';
}
