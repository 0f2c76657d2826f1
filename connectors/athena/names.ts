import { StageFailure } from '../../pipeline/failure.ts';

/** A table of the Glue Data Catalog as Athena addresses it. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** A name in double quotes. Athena folds names to lower case, quoted or not; folding here makes messages show what it has. */
export function quoted(name: string): string {
  return `"${name.toLowerCase().replaceAll('"', '""')}"`;
}

export function quotedTable({ database, table }: TableName): string {
  return `${quoted(database)}.${quoted(table)}`;
}

/** A string literal: quotes are doubled, and nothing else has a meaning in one. */
export function literal(text: string): string {
  if (/[\u0000-\u001f]/.test(text)) {
    throw new StageFailure(
      'invalid_config',
      `${JSON.stringify(text)} holds a control character, which cannot be written into SQL. Rename the object.`,
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
}
