import { DEFAULT_CONCURRENT, MAX_CONCURRENT, parseInstant } from './backfill-request.ts';
import { readKeys } from './sync-keys.ts';

export const SYNC_KINDS = ['full', 'columns', 'time_window', 'key_list', 'deletes'] as const;
export type SyncKind = (typeof SYNC_KINDS)[number];

/** Which labels of an extract are found at its source. */
export type SyncSelection =
  | { readonly kind: 'full' }
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | { readonly kind: 'time_window'; readonly from: string; readonly to: string }
  /** One text per key column, in their order. */
  | { readonly kind: 'key_list'; readonly keys: readonly (readonly string[])[] }
  | { readonly kind: 'deletes'; readonly from: string | null; readonly to: string | null };

/** What is asked of a historical sync, with every default filled in. JSON: it is in histories, so fields are only added. */
export interface SyncRequest {
  /** The id of an extract. */
  readonly stage: string;
  readonly select: SyncSelection;
  /** Columns of the source that identify a row; null: those of the load or publish below, else the primary key. */
  readonly keyColumns: readonly string[] | null;
  /** Also compare the keys at the source with those in the warehouse, label by label. */
  readonly findDeletes: boolean;
  readonly maxConcurrent: number;
  readonly reason: string | null;
  readonly by: string | null;
  /** Find and plan, and record nothing. */
  readonly dryRun: boolean;
  /** Record the backfill paused, so that a person can look at it and resume or cancel it. */
  readonly hold: boolean;
}

/** Example of an input, for messages. */
export const SYNC_EXAMPLE = '{"stage":"orders.fetch_orders","kind":"key_list","keys":["17"]}';

const ALWAYS = [
  'stage',
  'kind',
  'keyColumns',
  'findDeletes',
  'maxConcurrent',
  'reason',
  'by',
  'dryRun',
  'hold',
];
const OF_KIND: Readonly<Record<SyncKind, readonly string[]>> = {
  full: [],
  columns: ['columns'],
  time_window: ['from', 'to'],
  key_list: ['keys'],
  deletes: ['from', 'to'],
};

type Fields = Readonly<Record<string, unknown>>;

/** Checks an input that anybody may have written. Returns the request, or one sentence for each field that is wrong. */
export function readSyncRequest(
  input: unknown,
): { readonly request: SyncRequest } | { readonly problems: readonly string[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { problems: [`The input must be an object such as ${SYNC_EXAMPLE}.`] };
  const fields = input as Fields;
  const problems: string[] = [];
  const stage = text(fields, 'stage', problems);
  if ((fields['stage'] ?? null) === null)
    problems.push('"stage" names an extract, such as "orders.fetch_orders".');
  const kind = SYNC_KINDS.find((one) => one === fields['kind']);
  if (kind === undefined) problems.push(`"kind" must be one of ${SYNC_KINDS.join(', ')}.`);
  else refuseUnknown(fields, kind, problems);
  const select = kind === undefined ? undefined : selectionOf(fields, kind, problems);
  const options = {
    keyColumns: fields['keyColumns'] == null ? null : names(fields, 'keyColumns', problems),
    findDeletes: kind === 'deletes' || flag(fields, 'findDeletes', problems),
    maxConcurrent: concurrent(fields, problems),
    reason: text(fields, 'reason', problems),
    by: text(fields, 'by', problems),
    dryRun: flag(fields, 'dryRun', problems),
    hold: flag(fields, 'hold', problems),
  };
  if (problems.length > 0 || stage === null || select === undefined) return { problems };
  return { request: { stage, select, ...options } };
}

/** The fields that `readSyncRequest` reads back as the same request. */
export function syncFields({ select, ...request }: SyncRequest): Fields {
  return { ...request, ...select };
}

/** In one line, for people and for the list of backfills. */
export function describeSelection(select: SyncSelection, findDeletes: boolean): string {
  const deletes = findDeletes && select.kind !== 'deletes' ? ', and labels whose keys differ' : '';
  return `${selectionText(select)}${deletes}`;
}

function selectionText(select: SyncSelection): string {
  switch (select.kind) {
    case 'full':
      return 'all of the source';
    case 'columns':
      return `labels without ${select.columns.join(', ')}`;
    case 'time_window':
      return `the source from ${select.from} until before ${select.to}`;
    case 'key_list':
      return `labels of ${String(select.keys.length)} ${select.keys.length === 1 ? 'key' : 'keys'}`;
    case 'deletes':
      return 'labels whose keys differ from those in the warehouse';
  }
}

function refuseUnknown(fields: Fields, kind: SyncKind, problems: string[]): void {
  const known = [...ALWAYS, ...OF_KIND[kind]];
  for (const name of Object.keys(fields))
    if (!known.includes(name))
      problems.push(`"${name}" is no field of a sync of kind ${kind}; known are ${known.join(', ')}.`);
}

function selectionOf(fields: Fields, kind: SyncKind, problems: string[]): SyncSelection | undefined {
  switch (kind) {
    case 'full':
      return { kind };
    case 'columns':
      return { kind, columns: names(fields, 'columns', problems) };
    case 'time_window': {
      const { from, to } = range(fields, true, problems);
      return from === null || to === null ? undefined : { kind, from, to };
    }
    case 'key_list':
      return { kind, keys: readKeys(fields['keys'], problems) };
    case 'deletes':
      return { kind, ...range(fields, false, problems) };
  }
}

/** Borders stay as they are written: when a date begins depends on the zone of the stage. */
function range(
  fields: Fields,
  required: boolean,
  problems: string[],
): { readonly from: string | null; readonly to: string | null } {
  const from = border(fields, 'from', required, problems);
  const to = border(fields, 'to', required, problems);
  if (from !== null && to !== null && (parseInstant(from) ?? 0) >= (parseInstant(to) ?? 0))
    problems.push(`"to" (${to}) must be after "from" (${from}): the range ends before "to".`);
  return { from, to };
}

function border(fields: Fields, name: string, required: boolean, problems: string[]): string | null {
  const value = fields[name] ?? null;
  if (value === null && !required) return null;
  if (typeof value === 'string' && parseInstant(value) !== undefined) return value;
  const what = value === null ? 'is missing' : `is ${JSON.stringify(value)}`;
  problems.push(
    `"${name}" ${what}; it must be a date (2020-03-01), an instant (2020-03-01T06:00:00Z) or a timelabel (20200301060000).`,
  );
  return null;
}

/** PostgreSQL has at most 1,600 columns in a table, and 63 bytes in a name unless it was built otherwise. */
function names(fields: Fields, name: string, problems: string[]): readonly string[] {
  const value = fields[name];
  const list = Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one !== '') : [];
  if (Array.isArray(value) && list.length > 0 && list.length === value.length && list.length <= 1_600)
    return [...new Set(list as readonly string[])];
  problems.push(`"${name}" must be a list of column names such as ["id"].`);
  return [];
}

function text(fields: Fields, name: string, problems: string[]): string | null {
  const value = fields[name] ?? null;
  if (value === null) return null;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  problems.push(`"${name}" must be a text that is not empty.`);
  return null;
}

function flag(fields: Fields, name: string, problems: string[]): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  problems.push(`"${name}" must be true or false.`);
  return false;
}

function concurrent(fields: Fields, problems: string[]): number {
  const value = fields['maxConcurrent'] ?? DEFAULT_CONCURRENT;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CONCURRENT)
    return value;
  problems.push(`"maxConcurrent" must be a whole number from 1 to ${String(MAX_CONCURRENT)}.`);
  return DEFAULT_CONCURRENT;
}
