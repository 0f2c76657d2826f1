import type { Rejection } from '../catalog/rejections.ts';

export function describeRejections(rejections: readonly Rejection[]): string {
  if (rejections.length === 0) return 'No message was rejected.';
  return rejections
    .map(
      ({ receivedAt, router, reason, raw }) =>
        `${receivedAt.toISOString()}  ${router}\n  ${reason}\n  ${raw.length > 200 ? `${raw.slice(0, 200)} …` : raw}`,
    )
    .join('\n');
}
