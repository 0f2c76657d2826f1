import type pg from 'pg';
import {
  readHeldLabels,
  readLabelFacts,
  readPausedStages,
  readPresentNeeds,
  type HeldLabels,
} from '../catalog/backfill-facts.ts';
import { layOut } from '../pipeline/backfill-layout.ts';
import { chooseNodes } from '../pipeline/backfill-choice.ts';
import { outsideNeeds } from '../pipeline/backfill-needs.ts';
import { arrange } from '../pipeline/backfill-order.ts';
import { summarisePlan, type BackfillPlan } from '../pipeline/backfill-plan.ts';
import type { BackfillRequest } from '../pipeline/backfill-request.ts';
import { listProblem, selectStages } from '../pipeline/backfill-stages.ts';
import { labelCount } from '../pipeline/verdict.ts';
import type { RoutingTable } from '../pipeline/routing.ts';

/** Most items of one backfill: a year of minutes of one stage does not fit, a year of hours of twenty stages does. */
export const MAX_ITEMS = 200_000;

/** What a backfill would do, decided against the catalog as it is now. */
export interface BackfillDraft extends BackfillPlan {
  /** Labels that another open backfill has not finished; they keep this one from being created. */
  readonly held: readonly HeldLabels[];
  readonly paused: readonly { readonly stage: string; readonly scope: string }[];
}

/**
 * Plans a backfill without writing anything. `self` is the id under which it is or will be known. A request that
 * cannot be planned gives the sentence that says why.
 */
export async function draftBackfill(
  client: pg.PoolClient,
  table: RoutingTable,
  self: string,
  request: BackfillRequest,
  now: number,
): Promise<BackfillDraft | { readonly problem: string }> {
  const selection = selectStages(table, request);
  if ('problem' in selection) return selection;
  const listed = listProblem(table, request);
  if (listed !== undefined) return { problem: listed };
  const layout = layOut(table, selection.stages, request, now);
  const pairs = layout.flatMap(({ nodes }) =>
    nodes.map(({ stage, timelabel }) => ({ stage: stage.id, timelabel })),
  );
  if (pairs.length > MAX_ITEMS)
    return {
      problem: `The range has ${String(pairs.length)} labels in ${String(layout.length)} stages; one backfill takes ${String(MAX_ITEMS)}. Divide the range.`,
    };
  const facts = await readLabelFacts(client, table.configVersion, pairs);
  const nodes = chooseNodes(layout, facts, request.rerun);
  const needs = outsideNeeds(table, nodes);
  const present = await readPresentNeeds(client, [...needs.values()].flat());
  const items = arrange(nodes, facts, request.rerun, request.backwards);
  return {
    items,
    stages: summarisePlan(nodes, facts, needs, present),
    held: await readHeldLabels(client, self, items),
    paused: await readPausedStages(
      client,
      selection.stages.map(({ id }) => id),
    ),
  };
}

/** Why a backfill that holds the same labels as an open one is not created; undefined when there is none. */
export function overlapProblem(held: readonly HeldLabels[]): string | undefined {
  const [first] = held;
  if (first === undefined) return undefined;
  const others = [...new Set(held.map(({ backfill }) => backfill))].join(', ');
  return `${labelCount(first.labels)} of ${first.stage}, such as ${first.example}, ${first.labels === 1 ? 'belongs' : 'belong'} to the backfill ${first.backfill}, which has not ended. Wait for it, cancel it (reefline backfill cancel ${first.backfill}) or choose another range. Open backfills with the same labels: ${others}.`;
}
