import type { DeliveryView } from '../catalog/dead-letters.ts';
import type { CliContext } from './context.ts';
import { duration, isoMinutes } from './moments.ts';
import { table, type Cell, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'endpoint' },
  { title: 'event' },
  { title: 'status' },
  { title: 'attempts', right: true },
  { title: 'first' },
  { title: 'last' },
  { title: 'what happened' },
];

const STYLE = { owed: 'yellow', delivered: 'green', dead: 'red', discarded: 'dim' } as const;

/** Deliveries in the order given, one a line. */
export function deliveryTable(
  screen: Pick<CliContext, 'columns' | 'paint' | 'now'>,
  deliveries: readonly DeliveryView[],
): string {
  if (deliveries.length === 0) return 'No delivery fits.';
  return table(
    screen,
    COLUMNS,
    deliveries.map((delivery): Cell[] => [
      delivery.endpoint,
      delivery.eventId,
      { text: delivery.status, style: STYLE[delivery.status] },
      String(delivery.attempts),
      delivery.firstAttemptAt === null ? '' : isoMinutes(delivery.firstAttemptAt),
      delivery.lastAttemptAt === null ? '' : isoMinutes(delivery.lastAttemptAt),
      happened(delivery, screen.now()),
    ]),
  );
}

function happened(delivery: DeliveryView, now: number): string {
  const { status, errorClass, lastError, decidedBy, nextAttemptAt } = delivery;
  const error = lastError === null ? '' : `${errorClass === null ? '' : `${errorClass}: `}${lastError}`;
  switch (status) {
    case 'delivered':
      return '';
    case 'discarded':
      return `discarded by ${decidedBy ?? 'somebody'}; ${error}`;
    case 'dead':
      return error;
    case 'owed': {
      const wait = nextAttemptAt.getTime() - now;
      const next = wait > 0 ? `next attempt in ${duration(wait)}` : 'next attempt due';
      return error === '' ? next : `${next}; ${error}`;
    }
  }
}
