import { comparePeriods, type Period, strayBorder, zoneOf } from '../pipeline/period.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { labelAt, readableLabel } from '../pipeline/timelabel.ts';
import { defaultWindow, parseWindow } from '../pipeline/window.ts';
import type { Problem } from './problem.ts';
import { overridesOf, type StageDraft, type StageFields } from './stage-draft.ts';

/** How the labels of an input fill an interval of a stage: as the author wrote, else as the two periods suggest. */
export function inputWindow(
  draft: StageDraft,
  fields: StageFields,
  dataset: string,
  mine: Period,
  upstream: Period,
): StageInput['window'] | Problem {
  const wanted = parseWindow(overridesOf(fields)[dataset]?.window ?? '');
  const batch = batchProblem(draft, fields, dataset, mine, upstream);
  if (batch !== undefined) return batch;
  if (wanted === undefined)
    return defaultWindow(mine, upstream) ?? unrelatedProblem(draft, fields, dataset, mine, upstream);
  const problem = windowMisfit(wanted, mine, upstream);
  const at = [...draft.path, 'inputs', dataset, 'window'];
  return problem === undefined ? wanted : draft.yaml.problem(at, problem, 'remove window, or write as_of');
}

/** Stages that move files take one label of one dataset for each of theirs; a blocking check looks at every label. */
function batchProblem(
  draft: StageDraft,
  fields: StageFields,
  dataset: string,
  mine: Period,
  upstream: Period,
): Problem | undefined {
  if (comparePeriods(mine, upstream) === 'equal') return undefined;
  const at = [...draft.path, 'every'];
  const { kind } = fields;
  if (kind === 'check' && fields.blocking === true && dataset === fields.from) {
    const problem = `a blocking check looks at every label of ${dataset}, whose period is ${upstream} and not ${mine}`;
    return draft.yaml.problem(at, problem, 'remove every, or write blocking: false');
  }
  if (kind !== 'register' && kind !== 'load') return undefined;
  const problem = `a ${kind} moves one batch at a time, but its period ${mine} is not the period ${upstream} of ${dataset}`;
  return draft.yaml.problem(at, problem, 'remove every, and sum up in a transform');
}

function windowMisfit(wanted: StageInput['window'], mine: Period, upstream: Period): string | undefined {
  const relation = comparePeriods(mine, upstream);
  switch (wanted) {
    case 'as_of':
    case 'latest':
      return undefined;
    case 'same':
      return relation === 'equal'
        ? undefined
        : `window same needs equal periods, these are ${mine} and ${upstream}`;
    case 'all':
      return relation === 'equal' || relation === 'finer'
        ? undefined
        : `window all needs a finer input, but ${upstream} does not fill ${mine}`;
    default:
      return relation === 'equal' || relation === 'finer'
        ? undefined
        : `window ${wanted} needs an equal or a finer input, but ${upstream} does not fill ${mine}`;
  }
}

function unrelatedProblem(
  draft: StageDraft,
  fields: StageFields,
  dataset: string,
  mine: Period,
  upstream: Period,
): Problem {
  const stray = strayBorder(mine, upstream);
  const why =
    stray === undefined
      ? ''
      : `: at ${readableLabel(labelAt(stray.instant))} UTC a new ${stray.begins} begins, but no ${stray.straddles}`;
  const problem = `the periods ${mine} of this stage and ${upstream} of ${dataset} do not divide each other${why}`;
  // Most often one of two days is cut in a zone and the other is not.
  const zone = zoneOf(upstream);
  const move = zone === zoneOf(mine) || 'schedule' in fields ? 'change every' : moveWords(zone);
  const cure = `${move}, or write inputs: { ${dataset}: { window: as_of } } to use its newest label`;
  return draft.yaml.problem(draft.path, problem, cure);
}

function moveWords(zone: string | undefined): string {
  return zone === undefined ? 'remove timezone' : `write timezone: ${zone}`;
}
