import { readableLabel } from '../pipeline/timelabel.ts';
import type { CliContext } from './context.ts';
import { diffText } from './diff-text.ts';
import type { Plan, PlannedJoins } from './plan.ts';
import { count } from './validate-lines.ts';

type Paint = Pick<CliContext, 'paint'>['paint'];

/** A plan for people: what changes, and what that means for what waits, runs, and has been made. */
export function planText(plan: Plan, paint: Paint): string {
  const { base } = plan;
  const inForce = base.version === 0 ? 'the empty config store' : `config version ${String(base.version)}`;
  const blocks = [
    plan.changed
      ? `Changes against ${inForce}:\n\n${diffText(plan.changes, paint)}`
      : `No changes: the project says what ${inForce} says.`,
    block('Temporal', temporalLines(plan)),
    block('Waiting joins', plan.joins.map(joinLine)),
    block(
      'Runs in flight',
      plan.running.map(
        (run) =>
          `${run.stage}: ${count(run.count, 'run')}, to be finished with the definition of config version ${String(run.configVersion)}`,
      ),
    ),
    block('Left behind', leftBehindLines(plan)),
    block(
      'Backfills that you may want',
      plan.backfills.map(
        (backfill) =>
          `${backfill.for}: ${count(backfill.labels, 'label')}; ${backfill.why}\n    ${backfill.command}`,
      ),
    ),
  ];
  return blocks.filter((text) => text !== '').join('\n\n');
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function temporalLines({ temporal, changes }: Plan): readonly string[] {
  const { create, update, remove } = temporal?.schedules ?? changes.schedules;
  const lines = [
    ...create.map((id) => `create the schedule ${id}`),
    ...update.map((id) => `update the schedule ${id}`),
    ...remove.map((id) => `remove the schedule ${id}`),
    ...(temporal?.searchAttributes ?? []).map((name) => `add the search attribute ${name}`),
  ];
  if (temporal !== null) return lines;
  const reason = 'Temporal was not reachable, so this is what the definitions say';
  return [...lines, lines.length === 0 ? `${reason}: no schedule changes` : reason];
}

function joinLine({ stage, effect, count: joins, labels }: PlannedJoins): string {
  const named = labels.map(readableLabel).join(', ');
  const more = joins > labels.length ? ` and ${String(joins - labels.length)} more` : '';
  return `${stage}: ${count(joins, 'waiting label')} ${FATES[effect]} (${named}${more})`;
}

const FATES: Readonly<Record<PlannedJoins['effect'], string>> = {
  closed: 'will be closed, for they are no labels of a stage any more',
  kept: 'will keep the definition that they wait under',
  're-evaluated': 'will look again under the new definition',
};

function leftBehindLines({ leftBehind: { held, pauses } }: Plan): readonly string[] {
  const stages = Map.groupBy(held, ({ stage }) => stage);
  return [
    ...pauses.map((scope) => `the pause of ${scope} goes`),
    ...[...stages].map(([stage, labels]) => `${stage}: ${count(labels.length, 'held label')} will not run`),
  ];
}
