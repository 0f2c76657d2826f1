import { isOutsideSchedule, labelsInRange, startsRuns } from './backfill-stages.ts';
import { targetsOf, type RoutingTable } from './routing.ts';
import type { StageDefinition } from './stage.ts';
import { intervalOf, parseTimelabel, type Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** One (stage, label) that a backfill is about, run or not. */
export interface BackfillNode {
  readonly stage: StageDefinition;
  readonly timelabel: Timelabel;
  /** The interval that the label covers, milliseconds since the Unix epoch. */
  readonly start: number;
  readonly end: number;
  /** What feeds it inside the backfill: an event of one of these starts it. */
  readonly feeds: BackfillNode[];
  /** What it reads inside the backfill without being started by it: it must come first all the same. */
  readonly reads: BackfillNode[];
}

export interface StageLayout {
  readonly stage: StageDefinition;
  readonly nodes: readonly BackfillNode[];
  /** Labels whose interval has not ended. */
  readonly future: number;
  /** When the first of them ends, milliseconds since the Unix epoch; null when there is none. */
  readonly firstEnd: number | null;
  /** Labels before or after the bounds of the stage's schedule. */
  readonly outsideSchedule: number;
}

/**
 * The labels of each stage, in the order of the stages, which must be topological. A stage that is fed inside the
 * backfill has the labels that its feeds affect, whatever the range; any other has the labels of the range, or those of
 * the list when there is one.
 */
export function layOut(
  table: RoutingTable,
  stages: readonly StageDefinition[],
  range: { readonly from: string; readonly to: string; readonly labels?: readonly string[] },
  now: number,
): readonly StageLayout[] {
  const affected = new Map<string, Map<Timelabel, BackfillNode[]>>(stages.map(({ id }) => [id, new Map()]));
  const byStage = new Map<string, readonly BackfillNode[]>();
  return stages.map((stage) => {
    const fed = isFedInside(table, stage, affected);
    const reached = affected.get(stage.id) ?? new Map<Timelabel, BackfillNode[]>();
    const labels = fed ? [...reached.keys()].sort() : labelsAskedFor(stage, range);
    const counts = { future: 0, outsideSchedule: 0 };
    const coming = labels.map((label) => intervalOf(stage.period, label).end).filter((end) => end > now);
    const nodes = labels.flatMap((timelabel): BackfillNode[] => {
      const interval = intervalOf(stage.period, timelabel);
      const excluded =
        interval.end > now ? 'future' : isOutsideSchedule(stage, interval) ? 'outsideSchedule' : undefined;
      if (excluded !== undefined) {
        counts[excluded] += 1;
        return [];
      }
      return [{ stage, timelabel, ...interval, feeds: reached.get(timelabel) ?? [], reads: [] }];
    });
    for (const node of nodes) {
      addReads(table, node, byStage);
      passOn(table, node, affected);
    }
    byStage.set(stage.id, nodes);
    return { stage, nodes, ...counts, firstEnd: coming.length === 0 ? null : Math.min(...coming) };
  });
}

function labelsAskedFor(stage: StageDefinition, range: Parameters<typeof layOut>[2]): readonly Timelabel[] {
  if (range.labels === undefined) return labelsInRange(stage, range);
  return range.labels.flatMap((label) => parseTimelabel(label) ?? []);
}

function isFedInside(
  table: RoutingTable,
  stage: StageDefinition,
  selected: ReadonlyMap<string, unknown>,
): boolean {
  return stage.inputs.some((input) => {
    const producer = table.datasets.get(input.dataset)?.producer ?? '';
    return selected.has(producer) && startsRuns(stage, input);
  });
}

function passOn(
  table: RoutingTable,
  node: BackfillNode,
  affected: ReadonlyMap<string, Map<Timelabel, BackfillNode[]>>,
): void {
  for (const target of targetsOf(table, node.stage.output, node.timelabel)) {
    const labels = affected.get(target.stage.id);
    const feeds = labels?.get(target.timelabel);
    if (feeds === undefined) labels?.set(target.timelabel, [node]);
    else feeds.push(node);
  }
}

/** The newest label of an input that is read as of the node's label, when the backfill has it. */
function addReads(
  table: RoutingTable,
  node: BackfillNode,
  byStage: ReadonlyMap<string, readonly BackfillNode[]>,
): void {
  for (const input of node.stage.inputs) {
    const producer = table.datasets.get(input.dataset)?.producer ?? '';
    const upstream = byStage.get(producer);
    // What takes the newest label there is, whatever its own, has no label of the backfill to wait for.
    if (upstream === undefined || input.window !== 'as_of') continue;
    const need = inputNeed(input.window, node.stage.period, input.period, node.timelabel);
    if (need.kind !== 'newest') continue;
    const newest = lastAtOrBefore(upstream, need.atOrBefore);
    if (newest !== undefined) node.reads.push(newest);
  }
}

/** Nodes are sorted by label. */
function lastAtOrBefore(nodes: readonly BackfillNode[], label: Timelabel): BackfillNode | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = nodes[middle];
    if (found !== undefined && found.timelabel <= label) low = middle + 1;
    else high = middle;
  }
  return nodes[low - 1];
}
