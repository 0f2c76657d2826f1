import { lineDiff } from './line-diff.ts';

/** One field that differs, in words for people. Absent values are null; `lines` is set for texts of several lines. */
export interface FieldChange {
  /** `period`, `schedule.cron`, `window of warehouse.analytics.orders`, `work.sql` … */
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
  /** A unified diff. */
  readonly lines?: readonly string[];
}

/**
 * What differs between two JSON values. Goes down into objects, and into lists whose items all have names; anything else
 * differs as a whole. A field that is undefined is one that is absent.
 */
export function valueChanges(before: unknown, after: unknown, path = ''): readonly FieldChange[] {
  const [old, fresh] = [namedParts(before), namedParts(after)];
  if (old !== undefined && fresh !== undefined) {
    return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) =>
      valueChanges(old.get(key), fresh.get(key), path === '' ? key : `${path}.${key}`),
    );
  }
  if (canonicalText(before) === canonicalText(after)) return [];
  const change = { field: path, before: readable(before), after: readable(after) };
  if (typeof before !== 'string' || typeof after !== 'string') return [change];
  return before.includes('\n') || after.includes('\n')
    ? [{ ...change, lines: lineDiff(before, after) }]
    : [change];
}

function namedParts(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const names = items.map((item) => (isObject(item) ? item['name'] : undefined));
    const named = names.every((name) => typeof name === 'string') && new Set(names).size === items.length;
    return named && items.length > 0
      ? new Map(items.map((item, at) => [String(names[at]), item]))
      : undefined;
  }
  return isObject(value)
    ? new Map(Object.entries(value).filter(([, part]) => part !== undefined))
    : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same text for values that differ only in the order of their keys: the catalog's jsonb keeps none. */
export function canonicalText(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

function readable(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : canonicalText(value);
}
