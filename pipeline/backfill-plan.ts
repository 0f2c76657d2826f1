import { itemKey, type ChosenNodes, type LabelFacts } from './backfill-choice.ts';
import type { BackfillNode } from './backfill-layout.ts';
import { needKey, type OutsideNeed } from './backfill-needs.ts';
import type { PlannedItem } from './backfill-order.ts';

/** What the backfill means for one stage. Kept in the catalog and printed by `--dry-run`. */
export interface StagePlan {
  readonly stage: string;
  readonly dataset: string;
  /** Labels that run when their turn comes. Each label of the stage is in one number only. */
  readonly toRun: number;
  /** Left alone: there and current, or not asked for by the rerun mode. */
  readonly existing: number;
  /** Waiting or running right now with all that they need in sight, so that the backfill joins them. */
  readonly inFlight: number;
  readonly future: number;
  /** ISO instant at which the interval of the first of those ends; absent when there is none. */
  readonly firstEnd?: string;
  readonly outsideSchedule: number;
  /** Labels that will wait for inputs which neither exist nor are made by this backfill. */
  readonly incomplete: number;
  readonly exampleMissing: MissingExample | null;
  /** First and last of the labels that it runs, joins or leaves waiting. */
  readonly first: string | null;
  readonly last: string | null;
  /** The stage's `max_restated_labels`, which does not concern these labels; absent when it sets none. */
  readonly restatedLimit?: number;
}

/** How many labels of a stage the backfill brings to an end: it runs them, joins them, or leaves them waiting. */
export function plannedLabels({
  toRun,
  inFlight,
  incomplete,
}: Pick<StagePlan, 'toRun' | 'inFlight' | 'incomplete'>): number {
  return toRun + inFlight + incomplete;
}

export interface MissingExample {
  readonly timelabel: string;
  readonly dataset: string;
  readonly inputLabel: string;
}

export interface BackfillPlan {
  readonly items: readonly PlannedItem[];
  readonly stages: readonly StagePlan[];
}

/** The plan for people: per stage, how many labels run, are left alone, are joined, or will wait. */
export function summarisePlan(
  { layout, chosen }: ChosenNodes,
  facts: ReadonlyMap<string, LabelFacts>,
  needs: ReadonlyMap<BackfillNode, readonly OutsideNeed[]>,
  present: ReadonlySet<string>,
): readonly StagePlan[] {
  return layout.map(({ stage, nodes, future, firstEnd, outsideSchedule }) => {
    const planned = nodes.filter((node) => chosen.has(node));
    const missing = new Map(
      planned.flatMap((node) => {
        const need = needs.get(node)?.find((one) => !present.has(needKey(one)));
        return need === undefined
          ? []
          : [
              [
                node,
                { timelabel: node.timelabel, dataset: need.dataset, inputLabel: need.timelabel },
              ] as const,
            ];
      }),
    );
    // A run that waits for what nobody makes goes on waiting, though the backfill joins it.
    const inFlight = planned.filter(
      (node) => !missing.has(node) && isInFlight(facts.get(itemKey(stage.id, node.timelabel))),
    ).length;
    const [exampleMissing = null] = missing.values();
    return {
      stage: stage.id,
      dataset: stage.output,
      toRun: planned.length - inFlight - missing.size,
      existing: nodes.length - planned.length,
      inFlight,
      future,
      ...(firstEnd === null ? {} : { firstEnd: new Date(firstEnd).toISOString() }),
      outsideSchedule,
      incomplete: missing.size,
      exampleMissing,
      first: planned[0]?.timelabel ?? null,
      last: planned.at(-1)?.timelabel ?? null,
      ...(stage.maxRestatedLabels === undefined ? {} : { restatedLimit: stage.maxRestatedLabels }),
    };
  });
}

function isInFlight(known: LabelFacts | undefined): boolean {
  return known?.status === 'WAITING' || known?.status === 'RUNNING' || known?.status === 'SUPERSEDED';
}
