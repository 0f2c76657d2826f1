/**
 * JSON with sorted keys, so that the same content is the same text however it was written. A value that has no JSON,
 * as `undefined`, which stands for a signal without a payload, is `null`.
 */
export function canonicalJson(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  const text = JSON.stringify(value, sorted) as string | undefined;
  return text ?? 'null';
}
