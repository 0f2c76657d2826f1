import { StageFailure } from '../../pipeline/failure.ts';
import { blockText, readOutcome } from './block.ts';
import type { Warehouse } from './client.ts';
import { statementFailure } from './failures.ts';
import type { Watch } from './progress.ts';
import { readRows } from './query.ts';

/** A block has to return something: readOutcome takes this for an end without a marker. */
const NOTHING = "TO_JSON(OBJECT_CONSTRUCT_KEEP_NULL('rows', NULL))";

/** Runs small statements as one transaction, whatever becomes of this process meanwhile. Throws the StageFailure of one that failed. */
export async function runTransaction(
  warehouse: Warehouse,
  transaction: readonly string[],
  doing: string,
  watch: Watch,
): Promise<void> {
  const text = blockText({ before: [], transaction, outcome: NOTHING });
  const [row] = await readRows(warehouse, text, doing, watch);
  const outcome = readOutcome(row?.[0]);
  if (outcome?.kind === 'failed') throw statementFailure(outcome.error, doing);
  if (outcome === undefined)
    throw new StageFailure('unavailable', `Snowflake did not tell how it went to ${doing}.`);
}
