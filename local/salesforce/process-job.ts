import { LineEndMismatch, parseCsv } from './csv.ts';
import { RowFault } from './fault.ts';
import { storedValue } from './field-value.ts';
import { fieldOf, type FieldDefinition, type ObjectDefinition } from './objects.ts';
import type { Records } from './records.ts';

/** What became of the rows of a job; each list has the header's columns after those of the service. */
export interface Processed {
  readonly header: readonly string[];
  readonly successes: readonly (readonly string[])[];
  readonly failures: readonly (readonly string[])[];
}

/** Why a job fails as a whole; nothing of it is stored. */
export class JobFault extends Error {}

/** The service hands the rows to the object in groups of this size; an external id may stand in a group once. */
const GROUP_ROWS = 200;

export interface Upsert {
  readonly object: ObjectDefinition;
  readonly key: FieldDefinition;
  readonly lineEnding: 'LF' | 'CRLF';
  readonly csv: string;
}

/** Upserts the rows of a job, each by itself. @throws JobFault for a CSV that is not one, or has fields that are none. */
export function processUpsert(records: Records, upsert: Upsert): Processed {
  const { object, key } = upsert;
  const [header = [], ...rows] = readRows(upsert);
  const fields = header.map((name) => {
    const field = fieldOf(object, name);
    if (field === undefined || field.readOnly === true)
      throw new JobFault(`InvalidBatch : Field name not found : ${name}`);
    return field;
  });
  if (!fields.includes(key)) throw new JobFault(`InvalidBatch : External id field ${key.name} is missing`);
  const successes: string[][] = [];
  const failures: string[][] = [];
  for (let at = 0; at < rows.length; at += GROUP_ROWS) {
    const seen = new Set<string>();
    records.transaction(() => {
      for (const row of rows.slice(at, at + GROUP_ROWS)) {
        try {
          const values = valuesOf(fields, row);
          refuseRepeated(key, values.get(key) ?? null, seen);
          const { id, created } = records.upsert(object, key, values);
          successes.push([id, String(created), ...row]);
        } catch (error) {
          if (!(error instanceof RowFault)) throw error;
          failures.push(['', error.message, ...row]);
        }
      }
    });
  }
  return { header, successes, failures };
}

function readRows({ csv, lineEnding }: Upsert): readonly (readonly string[])[] {
  try {
    return parseCsv(csv, lineEnding === 'LF' ? '\n' : '\r\n');
  } catch (error) {
    if (error instanceof LineEndMismatch)
      throw new JobFault(
        `ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is ${lineEnding}`,
      );
    throw new JobFault(`ClientInputError : ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An empty value leaves its field alone. */
function valuesOf(
  fields: readonly FieldDefinition[],
  row: readonly string[],
): ReadonlyMap<FieldDefinition, string | null> {
  if (row.length !== fields.length)
    throw new RowFault(
      'INVALID_CSV',
      `the row has ${String(row.length)} values for ${String(fields.length)} fields`,
    );
  return new Map(
    fields.flatMap((field, at) => {
      const value = row[at] ?? '';
      return value === '' ? [] : [[field, storedValue(field, value)] as const];
    }),
  );
}

function refuseRepeated(key: FieldDefinition, value: string | null, seen: Set<string>): void {
  if (value === null) return;
  const folded = value.toLowerCase();
  if (seen.has(folded))
    throw new RowFault('DUPLICATE_VALUE', `Duplicate external id specified: ${value}`, key.name);
  seen.add(folded);
}
