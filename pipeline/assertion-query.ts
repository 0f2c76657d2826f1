import { StageFailure } from './failure.ts';
import { storableText } from './storable.ts';

/** A SELECT of the rows that should not be there. */
export interface AssertionQuery {
  readonly name: string;
  readonly select: string;
  /** Where the SELECT stands, for messages. */
  readonly file: string;
}

export interface Violations {
  readonly count: number;
  /** At most `SAMPLE_ROWS` of the rows, as text for people. */
  readonly sample: readonly string[];
}

/** Rows of a sample. */
export const SAMPLE_ROWS = 5;
/** UTF-16 units of one row of a sample. */
const SAMPLE_TEXT = 300;

/** One row of a sample, cut where it is long. */
export function sampleText(names: readonly (string | null)[], row: readonly (string | null)[]): string {
  const text = row.map((value, at) => `${names[at] ?? ''} = ${value ?? 'NULL'}`).join(', ');
  return text.length <= SAMPLE_TEXT ? text : `${storableText(text, SAMPLE_TEXT)}…`;
}

/** What stands for a sample that the warehouse refuses to read: the rows are for people only, and the count has to do. */
export function unshownSample(refusal: StageFailure): readonly string[] {
  return [storableText(`(cannot be shown: ${refusal.message})`, SAMPLE_TEXT)];
}

/** The failure of an assertion's SQL, with the assertion's name and file in front of what the warehouse says. */
export function assertionFailure({ name, file }: AssertionQuery, refusal: StageFailure): StageFailure {
  const message = `The SQL of assertion ${name} (${file}) failed. ${refusal.message}`;
  const facts = { ...refusal.facts, assertion: name, file };
  return new StageFailure(refusal.failureClass, message, { cause: refusal, facts });
}
