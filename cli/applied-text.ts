import type { Project } from '../pipeline/project.ts';
import type { Applied } from './apply.ts';
import { count } from './validate-lines.ts';

/** What applying a project did, for people. */
export function appliedText(
  { version, changed, schedules, joins, searchAttributes }: Applied,
  project: Project,
): string {
  const { created, updated, removed } = schedules;
  const { closed, kept, reEvaluated } = joins;
  const stages = `${count(project.stages.length, 'stage')} in ${count(project.pipelines.length, 'pipeline')}`;
  const lines = [
    changed
      ? `Config version ${String(version)} is in force: ${stages}.`
      : `Config version ${String(version)} was already in force; nothing changed.`,
    `Schedules: ${String(created.length)} created, ${String(updated.length)} kept, ${String(removed.length)} removed.`,
    ...(closed + kept + reEvaluated === 0
      ? []
      : [
          `Waiting labels: ${String(reEvaluated)} look again, ${String(kept)} keep their definition, ${String(closed)} closed.`,
        ]),
    ...(searchAttributes.length === 0 ? [] : [`Search attributes added: ${searchAttributes.join(', ')}.`]),
  ];
  return lines.join('\n');
}
