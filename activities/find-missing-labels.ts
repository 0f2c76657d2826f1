import { readTime } from '../catalog/clock.ts';
import { readSinceWhen, withoutTrace, type ExpectedRun } from '../catalog/expected-runs.ts';
import { overdueLabels, tickedLabels, type LabelBounds } from '../pipeline/expected-labels.ts';
import { scheduleId } from '../pipeline/ids.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { MOST, type Look, type Search, type SweepTools } from './sweep-tools.ts';

/** How far back labels are looked for, in milliseconds: 7 days. */
const HORIZON = 7 * 86_400_000;
/** Newest ticks of each schedule, and newest labels of each stage with a deadline. */
const TICKS = 100;
const LABELS = 500;
/** Labels that are looked up in one look, over all stages. */
const LOOKED_UP = 10_000;

/** Labels for which a schedule has ticked and that nobody has started. A paused schedule misses nothing. */
export async function findMissedTicks(tools: SweepTools, search: Search): Promise<Look> {
  const round = await expectedOf(tools, search, {
    concerns: ({ schedule }) => schedule !== undefined,
    labelsOf: (stage, bounds) => tickedLabels(stage, { ...bounds, most: TICKS }),
  });
  const missed = await withoutTrace(tools.db, round.expected);
  const active = new Map<string, boolean>();
  for (const { id } of new Set(missed.map(({ stage }) => stage))) {
    tools.beat();
    active.set(id, (await tools.control.scheduleStateOf(scheduleId(id))) === 'active');
  }
  const findings = missed
    .filter(({ stage }) => active.get(stage.id) === true)
    .slice(0, MOST)
    .map(({ stage, timelabel }) => ({ kind: 'missed-tick' as const, stage: stage.id, timelabel }));
  return { findings, next: round.next, mark: round.next };
}

/** Labels whose deadline is past and that have no run which could report it. */
export async function findMissingLabels(tools: SweepTools, search: Search): Promise<Look> {
  const round = await expectedOf(tools, search, {
    concerns: ({ schedule, deadline }) => schedule === undefined && deadline !== undefined,
    labelsOf: (stage, bounds) => overdueLabels(stage, { ...bounds, most: LABELS }),
  });
  const missing = await withoutTrace(tools.db, round.expected);
  const findings = missing
    .slice(0, MOST)
    .map(({ stage, timelabel }) => ({ kind: 'missing-label' as const, stage: stage.id, timelabel }));
  return { findings, next: round.next, mark: round.next };
}

interface Calendar {
  readonly concerns: (stage: StageDefinition) => boolean;
  readonly labelsOf: (stage: StageDefinition, bounds: Omit<LabelBounds, 'most'>) => readonly Timelabel[];
}

/** The labels that the stages after `from` must have, stage by stage until there are enough of them. */
async function expectedOf(
  { db, configs }: SweepTools,
  { age, from }: Search,
  { concerns, labelsOf }: Calendar,
): Promise<{ readonly expected: readonly ExpectedRun[]; readonly next: string | null }> {
  const table = await configs.current(db);
  const since = await readSinceWhen(db, table);
  const now = await readTime(db);
  const stages = [...table.stages.values()]
    .filter((stage) => concerns(stage) && stage.id > (from ?? ''))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const expected: ExpectedRun[] = [];
  for (const stage of stages) {
    const bounds = { since: Math.max(since.get(stage.id) ?? now, now - HORIZON), until: now - age * 1000 };
    expected.push(...labelsOf(stage, bounds).map((timelabel) => ({ stage, timelabel })));
    if (expected.length >= LOOKED_UP && stage !== stages.at(-1)) return { expected, next: stage.id };
  }
  return { expected, next: null };
}
