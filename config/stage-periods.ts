import { cronPeriod } from '../pipeline/cron.ts';
import { comparePeriods, type Period } from '../pipeline/period.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { triggers } from '../pipeline/window.ts';
import { inputWindow } from './input-window.ts';
import { joinProblems } from './join-rules.ts';
import type { Problem } from './problem.ts';
import { everyOf, overridesOf, scheduleOf, type StageDraft, type StageFields } from './stage-draft.ts';

/** The period of a stage and the windows of its inputs; undefined when something that it depends on has problems. */
export interface Timing {
  readonly period: Period;
  readonly inputs: readonly StageInput[];
}

export interface TimingResult {
  readonly timing: Timing | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Settles the period of a stage: of its schedule, else `every`, else the one that its inputs share; then how each
 * input's labels fill an interval. `periodOf` gives the periods of the inputs, undefined where they are not known.
 */
export function stageTiming(
  draft: StageDraft,
  datasets: readonly string[],
  periodOf: (dataset: string) => Period | undefined,
): TimingResult {
  const { fields } = draft;
  if (fields === undefined) return { timing: undefined, problems: [] };
  const settled = stagePeriod(draft, fields, datasets, periodOf);
  if (typeof settled !== 'string') return { timing: undefined, problems: settled };
  const problems: Problem[] = [];
  const inputs: StageInput[] = [];
  let complete = true;
  for (const dataset of datasets) {
    const period = periodOf(dataset);
    const window = period === undefined ? undefined : inputWindow(draft, fields, dataset, settled, period);
    if (period === undefined || window === undefined) complete = false;
    else if (typeof window !== 'string') problems.push(window);
    else inputs.push({ dataset, period, window, on: overridesOf(fields)[dataset]?.on ?? ['SUCCESS'] });
  }
  if (!complete || problems.length > 0) return { timing: undefined, problems };
  problems.push(...triggerProblems(draft, fields, settled, inputs), ...joinProblems(draft, fields, inputs));
  return { timing: problems.length === 0 ? { period: settled, inputs } : undefined, problems };
}

function stagePeriod(
  draft: StageDraft,
  fields: StageFields,
  datasets: readonly string[],
  periodOf: (dataset: string) => Period | undefined,
): Period | readonly Problem[] {
  const schedule = scheduleOf(fields);
  if (schedule !== undefined) {
    const read = cronPeriod(schedule.cron, fields.timezone);
    // A cron text that is not understood has its own problem.
    return 'problem' in read ? [] : read.period;
  }
  const every = everyOf(fields);
  if (every !== undefined) return every;
  // What else the assertions read says nothing about how often the table has something to check.
  if (fields.kind === 'check') return periodOf(fields.from) ?? [];
  // An input of which the newest label will do says nothing about how often the stage runs.
  const starting = datasets.filter(
    (dataset) => !['as_of', 'latest'].includes(overridesOf(fields)[dataset]?.window ?? ''),
  );
  const periods = starting.map((dataset) => periodOf(dataset));
  const [first] = periods;
  if (
    first !== undefined &&
    periods.every((period) => period !== undefined && comparePeriods(first, period) === 'equal')
  )
    return first;
  if (periods.some((period) => period === undefined)) return [];
  const at = [...draft.path, 'every'];
  if (starting.length === 0) {
    const latest = datasets.some((dataset) => overridesOf(fields)[dataset]?.window === 'latest');
    const problem = latest
      ? 'the newest labels of its inputs do not say how often this stage runs'
      : 'nothing starts this stage: it has no input that brings new labels';
    const cure = latest ? 'add every: with the period of this stage' : 'add schedule: with a cron text';
    return [draft.yaml.problem(draft.path, problem, cure)];
  }
  const list = starting.map((dataset, index) => `${dataset} ${periods[index] ?? ''}`).join(', ');
  return [
    draft.yaml.problem(
      at,
      `the inputs have different periods (${list})`,
      `add every: with the period of this stage`,
    ),
  ];
}

function triggerProblems(
  draft: StageDraft,
  fields: StageFields,
  period: Period,
  inputs: readonly StageInput[],
): readonly Problem[] {
  if (
    scheduleOf(fields) !== undefined ||
    inputs.some(({ window, period: theirs }) => triggers(window, period, theirs))
  )
    return [];
  const cure =
    fields.kind === 'transform' || fields.kind === 'custom'
      ? 'add schedule: with a cron text, or choose a period that an input fills'
      : 'remove the window, or choose a period that the input fills';
  const problem = `nothing starts this stage: every input is coarser than ${period} or has window as_of`;
  return [draft.yaml.problem(draft.path, problem, cure)];
}
