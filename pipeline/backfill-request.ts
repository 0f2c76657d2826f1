import { readLabelList } from './label-list.ts';
import { instantOf, parseTimelabel } from './timelabel.ts';

export const RERUN_MODES = ['none', 'failed', 'all'] as const;
/** `none`: labels that are there and current are left alone. `failed`: only labels whose newest run failed. `all`: everything gets a new revision. */
export type RerunMode = (typeof RERUN_MODES)[number];

export const DEFAULT_CONCURRENT = 10;
export const MAX_CONCURRENT = 500;

/** What is asked of a backfill, with every default filled in. JSON: it is the input of the workflow and a column of the catalog. */
export interface BackfillRequest {
  /** `pipeline` or `pipeline.stage` */
  readonly target: string;
  /**
   * ISO instants, or dates, which begin when the day begins in the zone in which a stage cuts its labels. A label belongs
   * to the backfill when its start is in [from, to).
   */
  readonly from: string;
  readonly to: string;
  readonly downstream: boolean;
  readonly only: boolean;
  readonly rerun: RerunMode;
  readonly maxConcurrent: number;
  readonly backwards: boolean;
  readonly reason: string | null;
  readonly by: string | null;
  /** Only these labels of the target, which is a stage then, sorted; absent, all of the range. */
  readonly labels?: readonly string[];
  /** What a historical sync was asked for, in words. It has written the plan, whose labels lie in the catalog only. */
  readonly sync?: string;
}

const FIELDS = [
  'target',
  'from',
  'to',
  'downstream',
  'only',
  'rerun',
  'maxConcurrent',
  'backwards',
  'reason',
  'by',
  'labels',
  'sync',
] as const;

/** Example of an input, for messages. */
export const BACKFILL_EXAMPLE =
  '{"target":"orders.fetch_orders","from":"2020-03-01","to":"2020-04-01","downstream":true}';

/** Checks an input that anybody may have written. Returns the request, or one sentence for each field that is wrong. */
export function readBackfillRequest(
  input: unknown,
): { readonly request: BackfillRequest } | { readonly problems: readonly string[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { problems: [`The input must be an object such as ${BACKFILL_EXAMPLE}.`] };
  const fields = input as Record<string, unknown>;
  const problems = Object.keys(fields)
    .filter((name) => !(FIELDS as readonly string[]).includes(name))
    .map((name) => `"${name}" is no field of a backfill; known are ${FIELDS.join(', ')}.`);
  const target = text(fields, 'target', problems);
  if ((fields['target'] ?? null) === null)
    problems.push('"target" names a pipeline or a stage, such as "orders" or "orders.fetch_orders".');
  const labels = readLabelList(fields['labels'], problems);
  const from = instant(fields, 'from', problems, labels?.from);
  const to = instant(fields, 'to', problems, labels?.to);
  if (from !== null && to !== null && from >= to)
    problems.push(
      `"to" (${String(fields['to'])}) must be after "from" (${String(fields['from'])}): the range ends before "to".`,
    );
  if (labels !== undefined && from !== null && to !== null && (labels.from < from || labels.to > to))
    problems.push('"labels" must begin in the range from "from" until before "to"; leave the range out.');
  const downstream = flag(fields, 'downstream', problems);
  const only = flag(fields, 'only', problems);
  if (downstream && only)
    problems.push(
      '"downstream" and "only" exclude each other: the one runs the dependents, the other keeps them from starting.',
    );
  const rerun = rerunMode(fields, problems);
  const maxConcurrent = concurrent(fields, problems);
  const backwards = flag(fields, 'backwards', problems);
  const reason = text(fields, 'reason', problems);
  const by = text(fields, 'by', problems);
  const sync = text(fields, 'sync', problems);
  if (problems.length > 0 || target === null || from === null || to === null) return { problems };
  const range = { from: borderText(fields['from'], from), to: borderText(fields['to'], to) };
  return {
    request: {
      ...{ target, ...range, downstream, only, rerun, maxConcurrent, backwards, reason, by },
      ...(labels === undefined ? {} : { labels: labels.labels }),
      ...(sync === null ? {} : { sync }),
    },
  };
}

/** True when two requests ask for the same; who asks and why does not count. */
export function isSameRequest(a: BackfillRequest, b: BackfillRequest): boolean {
  return FIELDS.every((field) => field === 'reason' || field === 'by' || isEqual(a[field], b[field]));
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && a.join() === b.join());
}

function text(fields: Record<string, unknown>, name: string, problems: string[]): string | null {
  const value = fields[name] ?? null;
  if (value === null || (typeof value === 'string' && value.trim() !== ''))
    return value === null ? null : value.trim();
  problems.push(`"${name}" must be a text that is not empty.`);
  return null;
}

function flag(fields: Record<string, unknown>, name: string, problems: string[]): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  problems.push(`"${name}" must be true or false.`);
  return false;
}

function rerunMode(fields: Record<string, unknown>, problems: string[]): RerunMode {
  const value = fields['rerun'] ?? 'none';
  const known = RERUN_MODES.find((mode) => mode === value);
  if (known === undefined) problems.push(`"rerun" must be one of ${RERUN_MODES.join(', ')}.`);
  return known ?? 'none';
}

function concurrent(fields: Record<string, unknown>, problems: string[]): number {
  const value = fields['maxConcurrent'] ?? DEFAULT_CONCURRENT;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CONCURRENT)
    return value;
  problems.push(
    `"maxConcurrent" must be a whole number from 1 to ${String(MAX_CONCURRENT)}: so many runs may be in flight at once.`,
  );
  return DEFAULT_CONCURRENT;
}

/** With a zone, for a time without one would mean something else on each machine. */
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** `otherwise` stands for a border that is not written. */
function instant(
  fields: Record<string, unknown>,
  name: string,
  problems: string[],
  otherwise?: number,
): number | null {
  const value = fields[name];
  if (value === undefined && otherwise !== undefined) return otherwise;
  const read = typeof value === 'string' ? parseInstant(value) : undefined;
  if (read !== undefined) return read;
  const what = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  problems.push(
    `"${name}" ${what}; it must be a date (2020-03-01), an instant (2020-03-01T06:00:00Z) or a timelabel (20200301060000).`,
  );
  return null;
}

/** Dates stay dates: when they begin depends on the stage. */
function borderText(written: unknown, instant: number): string {
  const isDate = typeof written === 'string' && ISO_DATE.test(written);
  return isDate ? written : new Date(instant).toISOString();
}

/** Milliseconds since the Unix epoch of a date (its 00:00 UTC), an ISO instant or a timelabel; undefined for anything else. */
export function parseInstant(value: string): number | undefined {
  const label = parseTimelabel(value);
  if (label !== undefined) return instantOf(label);
  if (!ISO_DATE.test(value) && !ISO_INSTANT.test(value)) return undefined;
  const day = Date.parse(value.slice(0, 10));
  // Date.parse takes 2020-02-31 for the 2nd of March.
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(value.slice(0, 10))) return undefined;
  const read = Date.parse(value);
  return Number.isNaN(read) ? undefined : read;
}
