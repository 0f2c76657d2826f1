import { itemKey, type ChosenNodes, type LabelFacts } from './backfill-choice.ts';
import type { BackfillNode } from './backfill-layout.ts';
import { needKey, type OutsideNeed } from './backfill-needs.ts';
import type { PlannedItem } from './backfill-order.ts';

/** What the backfill means for one stage. Kept in the catalog and printed by `--dry-run`. */
export interface StagePlan {
  readonly stage: string;
  readonly dataset: string;
  readonly toRun: number;
  /** Left alone: there and current, or not asked for by the rerun mode. */
  readonly existing: number;
  /** Of those to run: waiting or running right now, so that the backfill joins them. */
  readonly inFlight: number;
  readonly future: number;
  /** ISO instant at which the interval of the first of those ends; absent when there is none. */
  readonly firstEnd?: string;
  readonly outsideSchedule: number;
  /** Of those to run: labels that will wait for inputs which neither exist nor are made by this backfill. */
  readonly incomplete: number;
  readonly exampleMissing: MissingExample | null;
  /** First and last label to run. */
  readonly first: string | null;
  readonly last: string | null;
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
    const toRun = nodes.filter((node) => chosen.has(node));
    const missing = toRun.flatMap((node) => {
      const need = needs.get(node)?.find((one) => !present.has(needKey(one)));
      return need === undefined
        ? []
        : [{ timelabel: node.timelabel, dataset: need.dataset, inputLabel: need.timelabel }];
    });
    const labels = toRun.map((node) => node.timelabel);
    return {
      stage: stage.id,
      dataset: stage.output,
      toRun: toRun.length,
      existing: nodes.length - toRun.length,
      inFlight: toRun.filter((node) => isInFlight(facts.get(itemKey(stage.id, node.timelabel)))).length,
      future,
      ...(firstEnd === null ? {} : { firstEnd: new Date(firstEnd).toISOString() }),
      outsideSchedule,
      incomplete: missing.length,
      exampleMissing: missing[0] ?? null,
      first: labels[0] ?? null,
      last: labels.at(-1) ?? null,
    };
  });
}

function isInFlight(known: LabelFacts | undefined): boolean {
  return known?.status === 'WAITING' || known?.status === 'RUNNING' || known?.status === 'SUPERSEDED';
}
