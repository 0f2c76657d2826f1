import { StageFailure } from './failure.ts';

/**
 * What a column of PostgreSQL with a declared length takes unchanged. It cuts blanks beyond that length without an error, and a
 * `char(n)` fills shorter texts up with blanks (https://www.postgresql.org/docs/current/datatype-character.html).
 */
export interface TextRoom {
  /** Characters, not bytes. */
  readonly characters: number;
  /** `char(n)`: a text of fewer characters would be filled up. */
  readonly exact: boolean;
}

/** The room of a column whose type the catalog spells so (`format_type`); undefined when it takes texts of every length. */
export function textRoom(held: string): TextRoom | undefined {
  const [, varying, digits] = /^character( varying)?\((\d+)\)$/.exec(held) ?? [];
  return digits === undefined ? undefined : { characters: Number(digits), exact: varying === undefined };
}

export function hasRoom({ characters, exact }: TextRoom, length: number): boolean {
  return exact ? length === characters : length <= characters;
}

/** Most characters of a text that a message shows. */
export const SHOWN_CHARACTERS = 40;

/** `text` may be the beginning of the refused one; `length` counts the characters of all of it. */
export function refuseForRoom(
  dataset: string,
  column: string,
  { characters, exact }: TextRoom,
  { text, length }: { readonly text: string; readonly length: number },
): StageFailure {
  const type = `${exact ? 'char' : 'varchar'}(${String(characters)})`;
  const shown = Array.from(text).slice(0, SHOWN_CHARACTERS);
  const more = shown.length < length ? '…' : '';
  const would = length > characters ? 'has no room for it' : 'would fill it up with blanks';
  return new StageFailure(
    'data_error',
    `Column "${column}" of ${dataset} holds a text of ${String(length)} characters, ${JSON.stringify(shown.join(''))}${more}, ` +
      `and the column of the table, a ${type}, ${would}. Nothing was written. Give the table a column of type text, or correct the row at the source.`,
    { facts: { dataset, column, type, characters: length } },
  );
}
