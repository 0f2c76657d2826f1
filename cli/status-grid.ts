import type pg from 'pg';
import { readPauses, type PausedScope } from '../catalog/pauses.ts';
import {
  readLabelHeads,
  readLabelRanges,
  readWaiting,
  type LabelHead,
  type LabelRange,
  type WaitingSummary,
} from '../catalog/status-views.ts';
import { topologicalOrder } from '../pipeline/graph.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import {
  instantOf,
  isOnGrid,
  labelForTick,
  parseTimelabel,
  shiftLabel,
  type Timelabel,
} from '../pipeline/timelabel.ts';
import { LABEL_STATES, labelState, type LabelState } from './label-state.ts';

/** One label in the row of a stage. */
export interface GridLabel {
  readonly timelabel: Timelabel;
  readonly state: LabelState;
  readonly revision: number | null;
}

export interface GridRow {
  readonly stage: string;
  readonly name: string;
  readonly dataset: string;
  readonly period: string;
  readonly pause: PausedScope | null;
  /** The oldest one first; empty when the stage never ran. */
  readonly labels: readonly GridLabel[];
}

export interface GridPipeline {
  readonly pipeline: string;
  readonly pause: PausedScope | null;
  /** States of the labels that are shown. */
  readonly counts: Readonly<Partial<Record<LabelState, number>>>;
  /** Of the stages that are shown, also labels that are not. */
  readonly waiting: number;
  readonly oldestWaiting: Omit<WaitingSummary, 'pipeline' | 'waiting'> | null;
  readonly stages: readonly GridRow[];
}

export interface GridScope {
  readonly pipeline?: string;
  readonly stage?: string;
  /** Labels of each row. */
  readonly labels: number;
}

/** The newest labels of each stage: pipelines in the order of the data, and so the stages of each. */
export async function readStatusGrid(
  db: pg.Pool,
  table: RoutingTable,
  scope: GridScope,
  now: number,
): Promise<readonly GridPipeline[]> {
  const { ordered, stuck } = topologicalOrder([...table.stages.values()]);
  const stages = [...ordered, ...stuck].filter(
    ({ id, pipeline }) => (scope.pipeline ?? pipeline) === pipeline && (scope.stage ?? id) === id,
  );
  const ranges = await readLabelRanges(
    db,
    stages.map(({ id }) => id),
  );
  const shown = new Map(ranges.map((range) => [range.stage, range]));
  const labels = new Map(
    stages.map((stage) => [stage.id, labelsOf(stage, shown.get(stage.id), scope.labels, now)]),
  );
  const firsts = [...labels].flatMap(([stage, [first]]) => (first === undefined ? [] : [{ stage, first }]));
  const [heads, pauses, waiting] = await Promise.all([
    readLabelHeads(db, firsts),
    readPauses(db),
    readWaiting(
      db,
      stages.map(({ id }) => id),
    ),
  ]);
  const headOf = new Map(heads.map((head) => [`${head.stage} ${head.timelabel}`, head]));
  const pauseOf = new Map(pauses.map((pause) => [pause.scope, pause]));
  const waitingOf = new Map(waiting.map((summary) => [summary.pipeline, summary]));
  const groups = Map.groupBy(stages, ({ pipeline }) => pipeline);
  return [...groups].map(([pipeline, members]) => {
    const rows = members.map((stage) => rowOf(stage, labels.get(stage.id) ?? [], headOf, pauseOf));
    return pipelineOf(pipeline, rows, pauseOf.get(pipeline) ?? null, waitingOf.get(pipeline));
  });
}

/** The newest labels that the calendar has for a stage between its first one and now. */
export function labelsOf(
  stage: Pick<StageDefinition, 'period' | 'schedule'>,
  range: Pick<LabelRange, 'first' | 'last'> | undefined,
  count: number,
  now: number,
): readonly Timelabel[] {
  const first = parseTimelabel(range?.first);
  const last = parseTimelabel(range?.last);
  if (first === undefined || last === undefined || !isOnGrid(stage.period, last)) return [];
  const labels: Timelabel[] = [];
  let label = newestOf(stage, last, now);
  // A person may have asked for labels that have not begun; they are no news yet.
  while (instantOf(label) > now) label = shiftLabel(stage.period, label, -1);
  while (label >= first && labels.length < count) {
    labels.push(label);
    label = shiftLabel(stage.period, label, -1);
  }
  return labels.reverse();
}

/**
 * A clock that still ticks owes labels that nobody made. The newest one of them may not be due yet: when within
 * its period it ticks is the schedule's to say.
 */
function newestOf(
  { period, schedule }: Pick<StageDefinition, 'period' | 'schedule'>,
  last: Timelabel,
  now: number,
): Timelabel {
  if (schedule === undefined || schedule.until !== undefined) return last;
  const due = shiftLabel(period, labelForTick(period, now), -1);
  return due > last ? due : last;
}

function rowOf(
  stage: StageDefinition,
  labels: readonly Timelabel[],
  headOf: ReadonlyMap<string, LabelHead>,
  pauseOf: ReadonlyMap<string, PausedScope>,
): GridRow {
  return {
    stage: stage.id,
    name: stage.name,
    dataset: stage.output,
    period: stage.period,
    pause: pauseOf.get(stage.id) ?? null,
    labels: labels.map((timelabel) => {
      const head = headOf.get(`${stage.id} ${timelabel}`);
      return { timelabel, state: labelState(head, isExpected(stage)), revision: head?.revision ?? null };
    }),
  };
}

/** True when somebody misses a label that was not made: a clock asks for it, or a deadline. */
function isExpected({ schedule, deadline }: StageDefinition): boolean {
  return schedule !== undefined || deadline !== undefined;
}

function pipelineOf(
  pipeline: string,
  stages: readonly GridRow[],
  pause: PausedScope | null,
  summary: WaitingSummary | undefined,
): GridPipeline {
  const states = stages.flatMap(({ labels }) => labels.map(({ state }) => state));
  const counts = Object.fromEntries(
    LABEL_STATES.flatMap((state) => {
      const count = states.filter((each) => each === state).length;
      return count === 0 ? [] : [[state, count] as const];
    }),
  );
  if (summary === undefined) return { pipeline, pause, counts, waiting: 0, oldestWaiting: null, stages };
  const { stage, timelabel, since, missing, waiting } = summary;
  return { pipeline, pause, counts, waiting, oldestWaiting: { stage, timelabel, since, missing }, stages };
}
