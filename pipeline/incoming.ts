import { SCHEMA_CHANGES, type DataEvent, type EventError, type SchemaChange } from './data-event.ts';
import type { Column } from './column.ts';
import {
  causes,
  count,
  flag,
  nameOf,
  oneOf,
  optionalTexts,
  Refusal,
  revision,
  text,
  timelabel,
  times,
  type Fields,
} from './incoming-fields.ts';
import { isAssertionResult, isMissingLabel, readColumn, readError } from './incoming-parts.ts';
import { OUTCOMES, statusOf, type Outcome } from './outcome.ts';
import { EVENT_TYPES, type DataStatus, type EventType } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import { traceContext } from './traceparent.ts';

/** What somebody sent, checked field by field; what it leaves out is filled in at acceptance. */
export interface IncomingData {
  readonly kind: 'data';
  readonly type: EventType;
  readonly schema: string;
  readonly table: string;
  readonly timelabel: Timelabel;
  readonly status: DataStatus;
  readonly startTime?: string;
  readonly updateTime?: string;
  readonly endTime?: string;
  readonly eventId?: string;
  readonly dataset?: string;
  readonly revision?: number;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly runId?: string;
  readonly causedBy: readonly string[];
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly uri: string | null;
  readonly error: EventError | null;
  readonly configVersion: number | null;
  readonly outcome: Outcome;
  readonly propagates: boolean;
  readonly backfill?: string;
  readonly missing?: NonNullable<DataEvent['missing']>;
  readonly checks?: NonNullable<DataEvent['checks']>;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface IncomingMetadata {
  readonly kind: 'metadata';
  readonly type: EventType;
  readonly schema: string;
  readonly table: string;
  readonly timelabel: Timelabel;
  readonly change: SchemaChange;
  readonly before: readonly Column[];
  readonly after: readonly Column[];
  readonly eventId?: string;
  readonly dataset?: string;
  readonly revision?: number;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly runId?: string;
  readonly time?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface Malformed {
  readonly kind: 'malformed';
  readonly field: string;
  /** A full sentence: what is wrong and what would be right. */
  readonly reason: string;
}

/** Reads anything at all as an event. Never throws: whatever is no event comes back as `malformed` with the reason. */
export function readIncoming(raw: unknown): IncomingData | IncomingMetadata | Malformed {
  try {
    return read(raw);
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'malformed', field: error.field, reason: error.message };
    return { kind: 'malformed', field: '', reason: 'The event could not be read.' };
  }
}

function read(raw: unknown): IncomingData | IncomingMetadata {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new Refusal(
      '',
      `An event is a JSON object with event_type, type, schema, table, timelabel and status; this is ${nameOf(raw)}.`,
    );
  }
  const fields = raw as Fields;
  const undecodable = fields['$undecodable'];
  if (typeof undecodable === 'string')
    throw new Refusal('', `The signal's payload is not JSON: ${undecodable}`);
  const eventType = oneOf(fields, 'event_type', ['data', 'metadata'] as const);
  const identity = {
    type: oneOf(fields, 'type', EVENT_TYPES),
    schema: text(fields, 'schema'),
    table: text(fields, 'table'),
    timelabel: timelabel(fields),
    ...optionalTexts(fields, ['eventId', 'dataset', 'pipeline', 'stage', 'runId']),
    ...(fields['revision'] == null ? {} : { revision: revision(fields['revision']) }),
    ...traceContext({ traceparent: fields['traceparent'], tracestate: fields['tracestate'] }),
  };
  if (eventType === 'metadata') {
    return {
      kind: 'metadata',
      ...identity,
      change: oneOf(fields, 'change', SCHEMA_CHANGES),
      before: columns(fields, 'before'),
      after: columns(fields, 'after'),
      ...times(fields, ['time']),
    };
  }
  const status = oneOf(fields, 'status', ['SUCCESS', 'FAILURE'] as const);
  const rows = count(fields, 'rows');
  return {
    kind: 'data',
    ...identity,
    status,
    ...times(fields, ['startTime', 'updateTime', 'endTime']),
    causedBy: causes(fields['causedBy']),
    rows,
    bytes: count(fields, 'bytes'),
    uri: optionalTexts(fields, ['uri']).uri ?? null,
    error: eventError(fields['error']),
    configVersion: count(fields, 'configVersion'),
    outcome: outcome(fields, status, rows),
    propagates: flag(fields, 'propagates'),
    ...optionalTexts(fields, ['backfill']),
    ...lists(fields),
  };
}

/** The outcome that the sender names, which must agree with the status; else what status and rows say. */
function outcome(fields: Fields, status: DataStatus, rows: number | null): Outcome {
  if (fields['outcome'] == null) return status === 'SUCCESS' && rows === 0 ? 'EMPTY' : status;
  const named = oneOf(fields, 'outcome', OUTCOMES);
  if (statusOf(named) === status) return named;
  throw new Refusal(
    'outcome',
    `The outcome ${named} has the status ${statusOf(named)}, but the field "status" is ${status}.`,
  );
}

/** Longest list that an event carries: more is in the catalog. */
const MAX_LIST = 100;

/** What the entries of the lists must be, and how they are told so. */
const LISTS = {
  missing: { fits: isMissingLabel, of: 'objects with dataset and timelabel' },
  checks: { fits: isAssertionResult, of: 'objects with name, severity, violations and sample' },
} as const;

function lists(fields: Fields): Pick<IncomingData, 'missing' | 'checks'> {
  const found: Record<string, unknown> = {};
  for (const [field, { fits, of }] of Object.entries(LISTS)) {
    const value = fields[field];
    if (value == null) continue;
    if (!Array.isArray(value) || value.length > MAX_LIST || !value.every(fits))
      throw new Refusal(field, `The field "${field}" must be a list of at most ${String(MAX_LIST)} ${of}.`);
    found[field] = value;
  }
  return found;
}

function eventError(value: unknown): EventError | null {
  if (value == null) return null;
  const error = readError(value);
  if (error === undefined)
    throw new Refusal('error', 'The field "error" must be a text or an object with class and message.');
  return error;
}

function columns(fields: Fields, field: string): readonly Column[] {
  const value = fields[field] ?? [];
  const read = Array.isArray(value) ? value.map(readColumn) : [undefined];
  return read.map((column) => {
    if (column !== undefined) return column;
    throw new Refusal(
      field,
      `The field "${field}" must be a list of columns, each with a name and a type such as { "kind": "int64" }.`,
    );
  });
}
