import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';

/** Written last into every table that Reefline fills: the label that each row came with. */
export const LABEL_COLUMN = 'reefline_timelabel';

/** Where the warehouse keeps which revision of which label it holds. */
export const MARKERS: TableName = { schema: 'reefline', table: 'applied' };

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/**
 * The name that Redshift stores. It folds ASCII letters to lower case, quoted or not, unless a session asks otherwise
 * (`enable_case_sensitive_identifier`); folding here makes the same table in both cases.
 */
export function storedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** A name in double quotes, folded. */
export function quoted(name: string): string {
  return `"${storedName(name).replaceAll('"', '""')}"`;
}

export function quotedTable(name: TableName): string {
  return `${quoted(name.schema)}.${quoted(name.table)}`;
}

export function tableOf(dataset: DatasetName): TableName {
  return { schema: storedName(dataset.schema), table: storedName(dataset.table) };
}

/**
 * A string literal. The only place that writes one: quotes are doubled, and a backslash, which Redshift reads as an
 * escape and PostgreSQL does not, is refused instead of guessed at.
 */
export function literal(text: string): string {
  if (/[\\\u0000-\u001f]/.test(text)) {
    throw new StageFailure(
      'invalid_config',
      `${JSON.stringify(text)} holds a backslash or a control character, which cannot be written into Redshift SQL. Rename the object.`,
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A text as SQL, whatever it holds: a batch of the Data API takes no parameters. Redshift and PostgreSQL read
 * backslashes in literals differently, so these and control characters are made from their codes.
 */
export function textExpression(text: string): string {
  const pieces = text.match(/[\\\u0001-\u001f]|[^\\\u0001-\u001f]+/gu) ?? [''];
  return pieces
    .map((piece) =>
      /^[\\\u0001-\u001f]$/u.test(piece) ? `CHR(${String(piece.charCodeAt(0))})` : literal(piece),
    )
    .join(' || ');
}
