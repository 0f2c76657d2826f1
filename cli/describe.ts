import type { Rejection } from '../catalog/rejections.ts';
import { isoMinutes } from './moments.ts';

export function describeRejections(rejections: readonly Rejection[]): string {
  if (rejections.length === 0) return 'No message was rejected.';
  return rejections
    .map(
      ({ receivedAt, router, reason, raw }) =>
        `${isoMinutes(receivedAt)}  ${router}\n  ${reason}\n  ${raw.length > 200 ? `${raw.slice(0, 200)} …` : raw}`,
    )
    .join('\n');
}
