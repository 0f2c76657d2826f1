import type { DeliveryDetail } from '../catalog/dead-letters.ts';
import type { CliContext } from './context.ts';
import type { DeliveryRemedy } from './delivery-remedies.ts';
import { duration } from './moments.ts';
import { facts } from './table.ts';

/** One delivery, a fact a line, and below it what can be done. */
export function deliveryDetailText(
  screen: Pick<CliContext, 'columns' | 'paint' | 'now'>,
  delivery: DeliveryDetail,
  remedies: readonly DeliveryRemedy[],
): string {
  const { errorClass, lastError, decision, decidedBy, decidedAt } = delivery;
  const error = [errorClass, lastError].filter((part) => part !== null).join(': ');
  const lines = facts(screen, [
    ['endpoint', `${delivery.endpoint}${delivery.paused ? ' (paused)' : ''}`],
    ['event', delivery.eventId],
    ['dataset', delivery.dataset],
    ['timelabel', delivery.timelabel],
    ['outcome', delivery.outcome],
    ['status', delivery.status],
    [
      'replay',
      delivery.replay === null ? null : `${delivery.replay} by ${delivery.replayedBy ?? 'somebody'}`,
    ],
    ['attempts', String(delivery.attempts)],
    ['owed since', instant(delivery.owedAt)],
    ['first attempt', instant(delivery.firstAttemptAt)],
    ['last attempt', instant(delivery.lastAttemptAt)],
    ['next attempt', delivery.status === 'owed' ? nextAttempt(delivery, screen.now()) : null],
    ['delivered', instant(delivery.deliveredAt)],
    ['message', delivery.messageId],
    ['last error', error === '' ? null : error],
    [
      'decided',
      decision === null ? null : `${decision} by ${decidedBy ?? 'somebody'}, ${instant(decidedAt) ?? ''}`,
    ],
  ]);
  const steps = remedies.map(({ what, command }) => (command === null ? `${what}.` : `${what}: ${command}`));
  return [...lines, ...(steps.length === 0 ? [] : ['', ...steps])].join('\n');
}

function instant(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}

function nextAttempt({ nextAttemptAt, paused }: DeliveryDetail, now: number): string {
  if (paused) return 'when the endpoint is resumed';
  const wait = nextAttemptAt.getTime() - now;
  return wait > 0 ? `${nextAttemptAt.toISOString()}, in ${duration(wait)}` : 'due';
}
