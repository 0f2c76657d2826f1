/** Most keys of one sync, and UTF-16 units of all of them: they are part of the history. */
export const MAX_KEYS = 10_000;
const MAX_KEYS_TEXT = 500_000;

/** Checks a list of keys that anybody may have written: each a text, a whole number, or a list of these. */
export function readKeys(value: unknown, problems: string[]): readonly (readonly string[])[] {
  const list = Array.isArray(value) ? value.map(keyOf) : [];
  const keys = list.filter((key) => key !== undefined);
  if (keys.length === 0 || keys.length !== list.length || !haveOneWidth(keys)) {
    problems.push(
      '"keys" must be a list of keys, each a text or a whole number such as ["17", "18"]; of several columns, lists in the order of the columns: [["DE", "17"]].',
    );
    return [];
  }
  const unique = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
  const length = unique.flat().reduce((sum, text) => sum + text.length, 0);
  if (unique.length > MAX_KEYS || length > MAX_KEYS_TEXT)
    problems.push(
      `${String(unique.length)} keys of ${String(length)} characters are too many for one sync, which takes ${String(MAX_KEYS)} and ${String(MAX_KEYS_TEXT)}. Divide them, or sync their time window.`,
    );
  return unique;
}

function haveOneWidth(keys: readonly (readonly string[])[]): boolean {
  return keys.every((key) => key.length === keys[0]?.length);
}

function keyOf(value: unknown): readonly string[] | undefined {
  const parts = (Array.isArray(value) ? value : [value]).map(partOf);
  const read = parts.filter((part) => part !== undefined);
  return read.length === 0 || read.length !== parts.length ? undefined : read;
}

/** NULL is no part of a key, and a number that JSON has rounded is another key. NUL is in no text of PostgreSQL. */
function partOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.includes('\u0000') ? undefined : value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
