import { cronPeriod, CRON_CURE } from '../pipeline/cron.ts';
import { inZone, zoneOf } from '../pipeline/period.ts';
import type { Problem } from './problem.ts';
import { everyOf, scheduleOf, type StageDraft, type StageFields } from './stage-draft.ts';

/** What is wrong with the schedule, the period and the time zone that a stage writes itself. */
export function scheduleProblems(draft: StageDraft, fields: StageFields): readonly Problem[] {
  const schedule = scheduleOf(fields);
  if (schedule === undefined) return zoneProblems(draft, fields);
  const bounded = 'schedule' in fields && typeof fields.schedule === 'object';
  const path = bounded ? [...draft.path, 'schedule', 'cron'] : [...draft.path, 'schedule'];
  const read = cronPeriod(schedule.cron, fields.timezone);
  if ('problem' in read) return [draft.yaml.problem(path, read.problem, read.cure ?? CRON_CURE)];
  const problems: Problem[] = [];
  const every = everyOf(fields);
  if (every !== undefined && every !== read.period) {
    const problem = `every says ${every}, but the schedule gives the period ${read.period}`;
    problems.push(
      draft.yaml.problem([...draft.path, 'every'], problem, 'remove every, or change the schedule'),
    );
  }
  const { from, until } = schedule;
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
    problems.push(
      draft.yaml.problem(
        [...draft.path, 'schedule', 'until'],
        'the schedule ends before it begins',
        'write an instant after from',
      ),
    );
  }
  return problems;
}

/** A zone that would change nothing is a misunderstanding, so it is none of what is passed over in silence. */
function zoneProblems(draft: StageDraft, fields: StageFields): readonly Problem[] {
  const { timezone } = fields;
  if (timezone === undefined) return [];
  const at = [...draft.path, 'timezone'];
  const every = everyOf(fields);
  if (every === undefined) {
    const problem = 'timezone is for a schedule or for every, and this stage has neither';
    const cure = 'remove timezone: the stage has the period of its inputs, and their zone';
    return [draft.yaml.problemAtKey(at, problem, cure)];
  }
  const problem = zoneMismatch(every, timezone);
  return problem === undefined ? [] : [draft.yaml.problem(at, problem, 'remove timezone')];
}

/** Why a period cannot be cut in a zone; undefined when it can. */
export function zoneMismatch(
  period: NonNullable<ReturnType<typeof everyOf>>,
  timezone: string,
): string | undefined {
  if (inZone(period, timezone) !== undefined) return undefined;
  const own = zoneOf(period);
  return own === undefined
    ? `${period} is less than a day and cut in UTC, so the zone changes nothing`
    : `${period} is cut in ${own} already`;
}
