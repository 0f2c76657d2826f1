import type { AssertionResult } from './assertion-result.ts';
import { describeType, parseType, type Column, type ColumnType } from './column.ts';
import type { DataEvent, EventError } from './data-event.ts';

/*
 * The parts of an event that are objects themselves. What is taken here is what the published schemas of messages
 * (schema/) promise to receivers.
 */

type Fields = Readonly<Record<string, unknown>>;
type MissingLabel = NonNullable<DataEvent['missing']>[number];

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A column of a schema change: its name, its type as events have it or as a text such as `decimal(12,2)`, and whether it takes
 * NULL, as when left out. Undefined when it is none.
 */
export function readColumn(value: unknown): Column | undefined {
  if (!isFields(value)) return undefined;
  const { name, nullable = true } = value;
  const type = readType(value['type']);
  if (typeof name !== 'string' || name === '' || typeof nullable !== 'boolean' || type === undefined)
    return undefined;
  return { name, type, nullable };
}

function readType(value: unknown): ColumnType | undefined {
  if (typeof value === 'string') return parseType(value);
  if (!isFields(value) || typeof value['kind'] !== 'string') return undefined;
  // What is described and read again has the fields of its kind and no others.
  const described = describeType(value as unknown as ColumnType) as string | undefined;
  return described === undefined ? undefined : parseType(described);
}

/** An entry of `missing`. */
export function isMissingLabel(value: unknown): value is MissingLabel {
  return isFields(value) && typeof value['dataset'] === 'string' && typeof value['timelabel'] === 'string';
}

/** An entry of `checks`. */
export function isAssertionResult(value: unknown): value is AssertionResult {
  if (!isFields(value)) return false;
  const { name, severity, violations, sample } = value;
  return (
    typeof name === 'string' &&
    (severity === 'error' || severity === 'warn') &&
    Number.isSafeInteger(violations) &&
    (violations as number) >= 0 &&
    Array.isArray(sample) &&
    sample.every((row) => typeof row === 'string')
  );
}

/** An error: a text, or an object of which only texts, numbers and null are taken as facts. Undefined when it is neither. */
export function readError(value: unknown): EventError | undefined {
  if (typeof value === 'string') return { class: 'rejected', message: value, facts: {} };
  if (!isFields(value)) return undefined;
  const { class: failureClass, message, facts } = value;
  return {
    class: typeof failureClass === 'string' ? failureClass : 'rejected',
    message: typeof message === 'string' ? message : '',
    facts: isFields(facts) ? Object.fromEntries(Object.entries(facts).filter(isFact)) : {},
  };
}

function isFact(entry: readonly [string, unknown]): entry is [string, string | number | null] {
  return entry[1] === null || typeof entry[1] === 'string' || typeof entry[1] === 'number';
}
