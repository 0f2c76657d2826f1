import type { Column } from '../../pipeline/column.ts';
import { readTarget } from './catalog.ts';
import type { Warehouse } from './client.ts';
import type { TableName } from './names.ts';
import { runBatch } from './run-batch.ts';
import type { Watch } from './statement.ts';
import { columnsAfter, planTarget } from './target-plan.ts';

const MAX_STATEMENTS = 40;
/** Other runs may create the same schema, table or column meanwhile; each of them can make one plan fail. */
const MAX_PLANS = 5;

/**
 * Creates or widens the target so that the incoming columns fit, and returns its columns. It runs before the transaction of
 * the run: DDL would take that transaction's snapshot before its LOCK. All of it may be repeated.
 * Throws StageFailure `data_error` for a retyped column.
 */
export async function prepareTarget(
  warehouse: Warehouse,
  dataset: string,
  target: TableName,
  incoming: readonly Column[],
  watch: Watch,
): Promise<readonly Column[]> {
  for (let plans = 1; ; plans++) {
    const state = await readTarget(warehouse, target, watch);
    const statements = planTarget(dataset, target, state, incoming);
    try {
      for (let at = 0; at < statements.length; at += MAX_STATEMENTS) {
        await runBatch(
          warehouse,
          statements.slice(at, at + MAX_STATEMENTS),
          `prepare table ${target.schema}.${target.table}`,
          watch,
        );
      }
      return columnsAfter(state, incoming);
    } catch (error) {
      // Redshift reports a name that is taken as text without a code. What another run made shows in the catalog.
      const again = await readTarget(warehouse, target, watch);
      const unchanged = JSON.stringify(again) === JSON.stringify(state);
      if (unchanged || plans >= MAX_PLANS) throw error;
    }
  }
}
