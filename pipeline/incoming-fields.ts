import { parseEventTime } from './data-event.ts';
import { storableText } from './storable.ts';
import { parseTimelabel, type Timelabel } from './timelabel.ts';

/*
 * The fields of an event that are single values, each read by the rule of its kind.
 */

/** An event as it was sent. */
export type Fields = Readonly<Record<string, unknown>>;

/** Longest text that any field of an event may have; error texts may be longer and are cut. */
const MAX_TEXT = 1024;
/** An S3 key alone may have 1,024 bytes (AWS, "Naming Amazon S3 objects"). */
const MAX_URI = 4096;
/** Ids are keys of the catalog, whose index rows hold 2,704 bytes. */
const MAX_ID = 500;

/** Why an event is none: `field` and, as message, a full sentence. */
export class Refusal extends Error {
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

/** What a value is, for sentences. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** A text that is there, not empty, and not too long. @throws Refusal */
export function text(fields: Fields, field: string): string {
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

/** @throws Refusal that names what is allowed. */
export function oneOf<const T extends string>(fields: Fields, field: string, allowed: readonly T[]): T {
  const value = text(fields, field);
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined)
    throw new Refusal(
      field,
      `The field "${field}" is "${storableText(value, 60)}"; it must be one of ${allowed.join(', ')}.`,
    );
  return found;
}

export function timelabel(fields: Fields): Timelabel {
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

/** Those of these texts that are there. @throws Refusal */
export function optionalTexts<const F extends string>(
  fields: Fields,
  names: readonly F[],
): { [K in F]?: string } {
  const found: { [K in F]?: string } = {};
  for (const name of names) if (fields[name] != null) found[name] = text(fields, name);
  return found;
}

export function revision(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new Refusal(
      'revision',
      'The field "revision" must be a whole number from 1 on; leave it out to get the next one.',
    );
  }
  return value;
}

/** Those of these times that are there; each must be one. */
export function times<const F extends string>(fields: Fields, names: readonly F[]): { [K in F]?: string } {
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

/** Null when it is left out. @throws Refusal */
export function count(fields: Fields, field: string): number | null {
  const value = fields[field];
  if (value == null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Refusal(field, `The field "${field}" must be a whole number from 0 on.`);
  }
  return value;
}

/** True when it is left out. @throws Refusal */
export function flag(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (value == null) return true;
  if (typeof value !== 'boolean') throw new Refusal(field, `The field "${field}" must be true or false.`);
  return value;
}

/** Ids of the events that led here; none when they are left out. @throws Refusal */
export function causes(value: unknown): readonly string[] {
  if (value == null) return [];
  if (!Array.isArray(value) || !value.every((id) => typeof id === 'string' && id.length <= MAX_TEXT)) {
    throw new Refusal('causedBy', 'The field "causedBy" must be a list of event ids.');
  }
  return value as string[];
}
