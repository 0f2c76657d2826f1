import { itemKey, type ChosenNodes } from './backfill-choice.ts';
import type { BackfillNode } from './backfill-layout.ts';
import { selectedOutcomes, type Outcome } from './outcome.ts';
import type { RoutingTable } from './routing.ts';
import type { Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** A label that an item needs and the backfill does not make: it has to be in the event log already. */
export interface OutsideNeed {
  readonly dataset: string;
  readonly timelabel: string;
  /** True when any label at or before this one will do. */
  readonly newest: boolean;
  readonly outcomes: readonly Outcome[];
}

/** What the chosen labels need from outside of the backfill, label by label. */
export function outsideNeeds(
  table: RoutingTable,
  { layout, chosen }: ChosenNodes,
): ReadonlyMap<BackfillNode, readonly OutsideNeed[]> {
  const made = new Set([...chosen].map((node) => itemKey(node.stage.id, node.timelabel)));
  const oldestMade = new Map(
    layout.map(({ stage, nodes }) => [stage.id, nodes.find((node) => chosen.has(node))?.timelabel]),
  );
  const needs = new Map<BackfillNode, OutsideNeed[]>();
  for (const { stage, nodes } of layout) {
    for (const input of stage.inputs) {
      const { dataset } = input;
      const producer = table.datasets.get(dataset)?.producer ?? '';
      const oldest = oldestMade.get(producer);
      const outcomes = selectedOutcomes(input.on);
      for (const node of nodes) {
        if (!chosen.has(node)) continue;
        const need = inputNeed(input.window, stage.period, input.period, node.timelabel);
        const newest = need.kind === 'newest';
        const isMade = (label: Timelabel): boolean =>
          newest ? oldest !== undefined && oldest <= label : made.has(itemKey(producer, label));
        const outside = (newest ? [need.atOrBefore] : need.labels)
          .filter((label) => !isMade(label))
          .map((timelabel) => ({ dataset, timelabel, newest, outcomes }));
        if (outside.length > 0) needs.set(node, [...(needs.get(node) ?? []), ...outside]);
      }
    }
  }
  return needs;
}

/** Key of a need, so that what is looked up once serves all who need it. */
export function needKey(need: OutsideNeed): string {
  return `${need.dataset}@${need.newest ? '<=' : ''}${need.timelabel}@${need.outcomes.join(',')}`;
}
