import type { Rejection } from '../catalog/rejections.ts';
import type { Project } from '../pipeline/project.ts';
import type { Applied } from './apply.ts';

export function describeApplied(applied: Applied, project: Project): string {
  const { created, updated, removed } = applied.schedules;
  const lines = [
    applied.changed
      ? `Config version ${String(applied.version)} is in force: ${String(project.stages.length)} stages in ${String(project.pipelines.length)} pipelines.`
      : `Config version ${String(applied.version)} was already in force; nothing changed.`,
    `Schedules: ${String(created.length)} created, ${String(updated.length)} kept, ${String(removed.length)} removed.`,
    ...(applied.searchAttributes.length === 0
      ? []
      : [`Search attributes added: ${applied.searchAttributes.join(', ')}.`]),
  ];
  return lines.join('\n');
}

export function describeRejections(rejections: readonly Rejection[]): string {
  if (rejections.length === 0) return 'No message was rejected.';
  return rejections
    .map(
      ({ receivedAt, router, reason, raw }) =>
        `${receivedAt.toISOString()}  ${router}\n  ${reason}\n  ${raw.length > 200 ? `${raw.slice(0, 200)} …` : raw}`,
    )
    .join('\n');
}
