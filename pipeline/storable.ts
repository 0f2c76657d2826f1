/**
 * The text, cut after `longest` UTF-16 units, without what neither PostgreSQL nor protobuf takes: NUL characters and
 * halves of surrogate pairs (which cutting makes) become U+FFFD.
 */
export function storableText(text: string, longest = text.length): string {
  return text.slice(0, longest).toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** A copy of a JSON value whose texts, keys included, can be stored. */
export function storable<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), copy(inner)]));
}
