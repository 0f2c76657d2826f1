import type { HeldRun } from '../catalog/held-runs.ts';
import type { ResumePolicy } from '../pipeline/resume.ts';
import type { ResumePreview } from './resume-scope.ts';

/** What resuming does or did: `orders.load_orders: 24 labels, 20200303000000 to 20200303230000`. */
export function describeResume(
  scope: string,
  policy: ResumePolicy,
  preview: ResumePreview,
  done: boolean,
): string {
  const verb = done ? '' : 'would ';
  const head = !preview.paused
    ? `${scope} is not paused.`
    : done
      ? `${scope} is resumed (${policy}).`
      : `Resuming ${scope} with ${policy}:`;
  return [
    head,
    ...lines(`  ${verb}${done ? 'started' : 'start'}`, preview.run),
    ...lines(`  ${verb}${done ? 'skipped' : 'skip'}`, preview.skip),
    ...lines('  still held, because they are paused otherwise, too:', preview.stay),
    ...preview.others.map((other) =>
      scope.includes('.')
        ? `  ${scope} still stands still, because ${other} is paused: reefline resume ${other}`
        : `  ${other} still stands still, because it is paused itself: reefline resume ${other}`,
    ),
    ...(preview.run.length + preview.skip.length + preview.stay.length === 0
      ? ['  no label became ready meanwhile']
      : []),
  ].join('\n');
}

function lines(verb: string, held: readonly HeldRun[]): readonly string[] {
  const byStage = new Map<string, HeldRun[]>();
  for (const one of held) byStage.set(one.stage, [...(byStage.get(one.stage) ?? []), one]);
  return [...byStage].map(([stage, runs]) => {
    const labels = runs.map(({ timelabel }) => timelabel).sort();
    const range = labels.length === 1 ? (labels[0] ?? '') : `${labels[0] ?? ''} to ${labels.at(-1) ?? ''}`;
    return `${verb} ${stage}: ${String(labels.length)} ${labels.length === 1 ? 'label' : 'labels'}, ${range}`;
  });
}
