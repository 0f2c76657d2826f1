import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';

/** A schema and a table, as Snowflake stores their names. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** Written last into every table that Reefline fills: the label that each row came with. */
export const LABEL_COLUMN = 'REEFLINE_TIMELABEL';

/** Where the database keeps which revision of which label it holds, and everything else that Reefline needs for itself. */
export const MARKERS: TableName = { schema: 'REEFLINE', table: 'APPLIED' };

/** Names that Snowflake reads without quotes, folding them to upper case (docs.snowflake.com, "Identifier requirements"). */
const UNQUOTED = /^[A-Za-z_][A-Za-z0-9_$]*$/;

/**
 * The name that a table or column gets in Snowflake: that which the same name without quotes means there, so that people
 * need none (`order_id` is stored as ORDER_ID). What cannot be written without quotes is stored letter by letter.
 */
export function storedName(name: string): string {
  return UNQUOTED.test(name) ? name.toUpperCase() : name;
}

/** The other way: what the rest of Reefline calls a stored name. */
export function neutralName(stored: string): string {
  return UNQUOTED.test(stored) && stored === stored.toUpperCase() ? stored.toLowerCase() : stored;
}

/** A configured name as SQL and a sign-in read it: what needs quotes gets them, and what has them keeps them. */
export function writtenName(name: string): string {
  return UNQUOTED.test(name) || /^".+"$/su.test(name) ? name : quoted(name);
}

/** A stored name in double quotes, which Snowflake then takes letter by letter. */
export function quoted(stored: string): string {
  return `"${stored.replaceAll('"', '""')}"`;
}

export function quotedTable(name: TableName): string {
  return `${quoted(name.schema)}.${quoted(name.table)}`;
}

export function tableOf(dataset: DatasetName): TableName {
  return { schema: storedName(dataset.schema), table: storedName(dataset.table) };
}

/**
 * A string literal. Snowflake reads a backslash in it as an escape. A NUL character, which no text there can hold, is
 * refused.
 */
export function literal(text: string): string {
  if (text.includes('\0'))
    throw new StageFailure(
      'invalid_config',
      `${JSON.stringify(text)} holds a NUL character, which cannot be written into Snowflake SQL. Rename the object.`,
    );
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
