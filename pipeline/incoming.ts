import {
  parseEventTime,
  SCHEMA_CHANGES,
  type DataEvent,
  type EventError,
  type SchemaChange,
} from './data-event.ts';
import type { Column } from './column.ts';
import { isAssertionResult, isMissingLabel, readColumn, readError } from './incoming-parts.ts';
import { OUTCOMES, statusOf, type Outcome } from './outcome.ts';
import { EVENT_TYPES, type DataStatus, type EventType } from './stage.ts';
import { storableText } from './storable.ts';
import { parseTimelabel, type Timelabel } from './timelabel.ts';
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
}

export interface Malformed {
  readonly kind: 'malformed';
  readonly field: string;
  /** A full sentence: what is wrong and what would be right. */
  readonly reason: string;
}

/** Longest text that any field of an event may have; error texts may be longer and are cut. */
const MAX_TEXT = 1024;
/** An S3 key alone may have 1,024 bytes (AWS, "Naming Amazon S3 objects"). */
const MAX_URI = 4096;
/** Ids are keys of the catalog, whose index rows hold 2,704 bytes. */
const MAX_ID = 500;

class Refusal extends Error {
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
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
  const fields = raw as Readonly<Record<string, unknown>>;
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
    ...traceContext(fields['traceparent']),
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
function outcome(
  fields: Readonly<Record<string, unknown>>,
  status: DataStatus,
  rows: number | null,
): Outcome {
  if (fields['outcome'] == null) return status === 'SUCCESS' && rows === 0 ? 'EMPTY' : status;
  const named = oneOf(fields, 'outcome', OUTCOMES);
  if (statusOf(named) === status) return named;
  throw new Refusal(
    'outcome',
    `The outcome ${named} has the status ${statusOf(named)}, but the field "status" is ${status}.`,
  );
}

function flag(fields: Readonly<Record<string, unknown>>, field: string): boolean {
  const value = fields[field];
  if (value == null) return true;
  if (typeof value !== 'boolean') throw new Refusal(field, `The field "${field}" must be true or false.`);
  return value;
}

/** Longest list that an event carries: more is in the catalog. */
const MAX_LIST = 100;

/** What the entries of the lists must be, and how they are told so. */
const LISTS = {
  missing: { fits: isMissingLabel, of: 'objects with dataset and timelabel' },
  checks: { fits: isAssertionResult, of: 'objects with name, severity, violations and sample' },
} as const;

function lists(fields: Readonly<Record<string, unknown>>): Pick<IncomingData, 'missing' | 'checks'> {
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

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function text(fields: Readonly<Record<string, unknown>>, field: string): string {
  const longest = field === 'eventId' ? MAX_ID : field === 'uri' ? MAX_URI : MAX_TEXT;
  const value = fields[field];
  if (value === undefined) throw new Refusal(field, `The field "${field}" is missing.`);
  if (typeof value !== 'string' || value === '')
    throw new Refusal(
      field,
      `The field "${field}" must be a text that is not empty; it is ${nameOf(value)}.`,
    );
  if (value.length > longest)
    throw new Refusal(
      field,
      `The field "${field}" has ${String(value.length)} characters; at most ${String(longest)} are taken.`,
    );
  if (value.includes('\u0000'))
    throw new Refusal(field, `The field "${field}" contains a NUL character, which no database takes.`);
  return value;
}

function oneOf<const T extends string>(
  fields: Readonly<Record<string, unknown>>,
  field: string,
  allowed: readonly T[],
): T {
  const value = text(fields, field);
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new Refusal(
      field,
      `The field "${field}" is "${storableText(value, 60)}"; it must be one of ${allowed.join(', ')}.`,
    );
  return found;
}

function timelabel(fields: Readonly<Record<string, unknown>>): Timelabel {
  const value = text(fields, 'timelabel');
  const label = parseTimelabel(value);
  if (label === undefined) {
    throw new Refusal(
      'timelabel',
      `The timelabel "${storableText(value, 40)}" is not a UTC time written YYYYMMDDHHmm00, such as 20200303112000.`,
    );
  }
  return label;
}

function optionalTexts<const F extends string>(
  fields: Readonly<Record<string, unknown>>,
  names: readonly F[],
): { [K in F]?: string } {
  const found: { [K in F]?: string } = {};
  for (const name of names) if (fields[name] != null) found[name] = text(fields, name);
  return found;
}

function revision(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new Refusal(
      'revision',
      'The field "revision" must be a whole number from 1 on; leave it out to get the next one.',
    );
  }
  return value;
}

/** Those of these times that are there; each must be one. */
function times<const F extends string>(
  fields: Readonly<Record<string, unknown>>,
  names: readonly F[],
): { [K in F]?: string } {
  const found = optionalTexts(fields, names);
  for (const [name, value] of Object.entries<string | undefined>(found)) {
    if (value !== undefined && parseEventTime(value) === undefined) {
      throw new Refusal(
        name,
        `The field "${name}" is "${storableText(value, 40)}"; times are written like 2020-03-03 11:25:47:445 +00:00.`,
      );
    }
  }
  return found;
}

function causes(value: unknown): readonly string[] {
  if (value == null) return [];
  if (!Array.isArray(value) || !value.every((id) => typeof id === 'string' && id.length <= MAX_TEXT)) {
    throw new Refusal('causedBy', 'The field "causedBy" must be a list of event ids.');
  }
  return value as string[];
}

function count(fields: Readonly<Record<string, unknown>>, field: string): number | null {
  const value = fields[field];
  if (value == null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Refusal(field, `The field "${field}" must be a whole number from 0 on.`);
  }
  return value;
}

function eventError(value: unknown): EventError | null {
  if (value == null) return null;
  const error = readError(value);
  if (error === undefined)
    throw new Refusal('error', 'The field "error" must be a text or an object with class and message.');
  return error;
}

function columns(fields: Readonly<Record<string, unknown>>, field: string): readonly Column[] {
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
