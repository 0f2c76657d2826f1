import { literal } from './names.ts';
import type { ApplyStatements } from './apply-statements.ts';
import type { SqlError } from './failures.ts';

/**
 * One statement that does all of a run: Snowflake Scripting. The service carries it to its end whatever becomes of the
 * process that asked for it, so a killed worker leaves no transaction open; a transaction over several requests would keep the
 * target locked until its session expires. A failure rolls back and is *returned*, because an error that leaves a block
 * has lost its code (docs.snowflake.com, "Handling exceptions").
 */
export function blockText({ before, transaction, outcome }: ApplyStatements): string {
  const lines = [
    'DECLARE',
    '  reefline_outcome VARCHAR;',
    'BEGIN',
    ...before.map((sql) => `  ${sql};`),
    '  BEGIN TRANSACTION;',
    ...transaction.map((sql) => `  ${sql};`),
    '  COMMIT;',
    `  SELECT ${outcome} INTO :reefline_outcome;`,
    '  RETURN reefline_outcome;',
    'EXCEPTION',
    '  WHEN OTHER THEN',
    "    reefline_outcome := TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL('code', SQLCODE, 'message', SQLERRM));",
    '    ROLLBACK;',
    '    RETURN reefline_outcome;',
    'END;',
  ];
  const text = lines.join('\n');
  // Two dollar signs in a SELECT of the author would end the quote.
  return `EXECUTE IMMEDIATE ${text.includes('$$') ? literal(text) : `$$\n${text}\n$$`}`;
}

/** What a block returned. */
export type BlockOutcome =
  | { readonly kind: 'failed'; readonly error: SqlError }
  | {
      readonly kind: 'ended';
      /** What the marker says; undefined when there is none. */
      readonly rows: number | undefined;
      /** The values of a key that is NULL or not unique, and how often it is there. */
      readonly badKey: readonly (string | null)[] | undefined;
    };

/** Reads the text that a block returned; undefined when it is not one of Reefline's. */
export function readOutcome(text: string | null | undefined): BlockOutcome | undefined {
  let outcome: unknown;
  try {
    outcome = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof outcome !== 'object' || outcome === null) return undefined;
  if ('code' in outcome && 'message' in outcome)
    return { kind: 'failed', error: { code: String(outcome.code), message: String(outcome.message) } };
  if (!('rows' in outcome)) return undefined;
  const badKey: unknown = 'badKey' in outcome ? outcome.badKey : null;
  return {
    kind: 'ended',
    rows: outcome.rows === null ? undefined : Number(outcome.rows),
    badKey: typeof badKey === 'object' && badKey !== null ? keyValues(badKey) : undefined,
  };
}

function keyValues(fields: object): readonly (string | null)[] {
  return Object.entries(fields)
    .toSorted(([left], [right]) => Number(left) - Number(right))
    .map(([, value]: [string, unknown]) => (typeof value === 'string' ? value : null));
}
