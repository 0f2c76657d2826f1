import { cronPeriod } from '../pipeline/cron.ts';
import { comparePeriods, type Period } from '../pipeline/period.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { defaultWindow } from '../pipeline/window.ts';
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
  problems.push(...triggerProblems(draft, fields, settled, inputs));
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
    const read = cronPeriod(schedule.cron);
    // A cron text that is not understood has its own problem.
    return 'problem' in read ? [] : read.period;
  }
  const every = everyOf(fields);
  if (every !== undefined) return every;
  // What else the assertions read says nothing about how often the table has something to check.
  if (fields.kind === 'check') return periodOf(fields.from) ?? [];
  // An input of which the newest label will do says nothing about how often the stage runs.
  const starting = datasets.filter((dataset) => overridesOf(fields)[dataset]?.window !== 'as_of');
  const periods = starting.map((dataset) => periodOf(dataset));
  const [first] = periods;
  if (first !== undefined && periods.every((period) => period === first)) return first;
  if (periods.some((period) => period === undefined)) return [];
  const at = [...draft.path, 'every'];
  if (starting.length === 0) {
    const cure = 'add schedule: with a cron text';
    return [
      draft.yaml.problem(
        draft.path,
        'nothing starts this stage: it has no input that brings new labels',
        cure,
      ),
    ];
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

function inputWindow(
  draft: StageDraft,
  fields: StageFields,
  dataset: string,
  mine: Period,
  upstream: Period,
): StageInput['window'] | Problem {
  const wanted = overridesOf(fields)[dataset]?.window;
  const relation = comparePeriods(mine, upstream);
  const kind = fields.kind;
  const wholeSource = kind === 'transform' || kind === 'publish' || kind === 'check';
  if (!wholeSource && relation !== 'equal') {
    const problem = `a ${kind} moves one batch at a time, but its period ${mine} is not the period ${upstream} of ${dataset}`;
    return draft.yaml.problem([...draft.path, 'every'], problem, 'remove every, and sum up in a transform');
  }
  if (kind === 'check' && fields.blocking === true && dataset === fields.from && relation !== 'equal') {
    const problem = `a blocking check looks at every label of ${dataset}, whose period is ${upstream} and not ${mine}`;
    return draft.yaml.problem([...draft.path, 'every'], problem, 'remove every, or write blocking: false');
  }
  const at = [...draft.path, 'inputs', dataset, 'window'];
  if (wanted === undefined) {
    const problem = `the periods ${mine} of this stage and ${upstream} of ${dataset} do not divide each other`;
    const cure = `change every, or write inputs: { ${dataset}: { window: as_of } } to use its newest label`;
    return defaultWindow(mine, upstream) ?? draft.yaml.problem(draft.path, problem, cure);
  }
  if (wanted === 'same' && relation !== 'equal') {
    return draft.yaml.problem(
      at,
      `window same needs equal periods, these are ${mine} and ${upstream}`,
      'remove window, or write as_of',
    );
  }
  if (wanted === 'all' && relation !== 'equal' && relation !== 'finer') {
    const problem = `window all needs a finer input, but ${upstream} does not fill ${mine}`;
    return draft.yaml.problem(at, problem, 'remove window, or write as_of');
  }
  return wanted;
}

function triggerProblems(
  draft: StageDraft,
  fields: StageFields,
  period: Period,
  inputs: readonly StageInput[],
): readonly Problem[] {
  if (scheduleOf(fields) !== undefined || inputs.some((input) => input.window !== 'as_of')) return [];
  const cure =
    fields.kind === 'transform'
      ? 'add schedule: with a cron text, or choose a period that an input fills'
      : 'remove window as_of, or choose a period that the input fills';
  const problem = `nothing starts this stage: every input is coarser than ${period} or has window as_of`;
  return [draft.yaml.problem(draft.path, problem, cure)];
}
