import { addPeriods, floorToPeriod, inZone, zoneOf, type Period } from './period.ts';
import { topologicalOrder } from './graph.ts';
import type { RoutingTable } from './routing.ts';
import type { StageDefinition, StageInput } from './stage.ts';
import { isOnGrid, labelAt, parseTimelabel, type Timelabel } from './timelabel.ts';
import { offsetAt } from './time-zone.ts';
import { triggers } from './window.ts';

/** The stages of a backfill, each after those that feed it, or the sentence that says why there are none. */
export function selectStages(
  table: RoutingTable,
  wanted: { readonly target: string; readonly downstream: boolean; readonly only: boolean },
): { readonly stages: readonly StageDefinition[] } | { readonly problem: string } {
  const { target, downstream, only } = wanted;
  const stage = table.stages.get(target);
  const ofPipeline = table.project.stages.filter(({ pipeline }) => pipeline === target);
  if (stage === undefined && ofPipeline.length === 0) return { problem: unknownTarget(table, target) };
  if (stage === undefined && only)
    return {
      problem: `"only" is for one stage, and "${target}" is a pipeline, whose stages start each other by their events. Name one stage, or leave "only" out.`,
    };
  const chosen = new Set(stage === undefined ? ofPipeline : [stage]);
  if (downstream) {
    // The loop sees what it appends.
    for (const one of chosen)
      for (const { stage: dependent, input } of table.dependents.get(one.output) ?? [])
        if (startsRuns(dependent, input)) chosen.add(dependent);
  }
  return { stages: topologicalOrder([...chosen]).ordered };
}

/** Why the listed labels are none of the target; undefined when they are, or none are listed. */
export function listProblem(
  table: RoutingTable,
  { target, labels }: { readonly target: string; readonly labels?: readonly string[] },
): string | undefined {
  if (labels === undefined) return undefined;
  const stage = table.stages.get(target);
  if (stage === undefined)
    return `"labels" are those of one stage, and "${target}" is a pipeline. Name one of its stages, or a range with "from" and "to".`;
  const stray = labels.filter((label) => {
    const read = parseTimelabel(label);
    return read === undefined || !isOnGrid(stage.period, read);
  });
  if (stray.length === 0) return undefined;
  return `${String(stray.length)} of the labels, such as ${stray[0] ?? ''}, are not the start of an interval of ${stage.id}, whose labels cover ${stage.period} each.`;
}

function unknownTarget(table: RoutingTable, target: string): string {
  const [pipeline = ''] = target.split('.');
  const siblings = table.project.stages.filter((stage) => stage.pipeline === pipeline).map(({ id }) => id);
  const known = siblings.length > 0 ? siblings : table.project.pipelines;
  return `There is no pipeline and no stage "${target}". Known are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' …' : ''}.`;
}

/** True when an event of the input starts runs of the stage; an input of which only the newest label is read does not. */
export function startsRuns(
  stage: Pick<StageDefinition, 'period'>,
  { window, period }: Pick<StageInput, 'window' | 'period'>,
): boolean {
  return triggers(window, stage.period, period);
}

/** The labels of a stage whose start is in [from, to): ISO instants, or dates of the zone in which it cuts its labels. */
export function labelsInRange(
  stage: Pick<StageDefinition, 'period'>,
  { from, to }: { readonly from: string; readonly to: string },
): readonly Timelabel[] {
  const labels: Timelabel[] = [];
  const first = borderOf(stage.period, from);
  const end = borderOf(stage.period, to);
  let at = floorToPeriod(stage.period, first);
  if (at < first) at = addPeriods(stage.period, at, 1);
  for (; at < end; at = addPeriods(stage.period, at, 1)) labels.push(labelAt(at));
  return labels;
}

const DAY = 86_400_000;

/** Milliseconds since the Unix epoch of a border: an ISO instant, or a date of the zone in which the period is cut. */
export function borderOf(period: Period, border: string): number {
  const instant = Date.parse(border);
  const zone = zoneOf(period);
  const day = zone === undefined || border.includes('T') ? undefined : inZone('1d', zone);
  if (day === undefined) return instant;
  // Noon of the date is in the local day whatever the clocks do at night.
  const noon = instant + DAY / 2;
  return floorToPeriod(day, noon - offsetAt(zone, noon));
}

/** True when no tick of the stage's schedule stands for the label: the source does not have it. */
export function isOutsideSchedule(
  stage: StageDefinition,
  interval: { readonly start: number; readonly end: number },
): boolean {
  const { from, until } = stage.schedule ?? {};
  // The label's tick comes at the end of its interval, or less than a period later.
  const nextEnd = addPeriods(stage.period, interval.end, 1);
  return (
    (from !== undefined && nextEnd <= Date.parse(from)) ||
    (until !== undefined && interval.end > Date.parse(until))
  );
}
