import type { Command } from 'commander';
import type pg from 'pg';
import { readDelivery } from '../../catalog/dead-letters.ts';
import { readEvent } from '../../catalog/event-views.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { deliveryRemedies } from '../delivery-remedies.ts';
import { deliveryDetailText } from '../delivery-text.ts';
import { InvalidInput } from '../invalid-input.ts';
import { unknownEvent } from '../unknown-event.ts';
import { requireKnownEndpoint } from '../known-endpoints.ts';

export function addDeliveriesShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'deliveries')
    .command('show')
    .description('one message to an endpoint: its event, its attempts, its last error, and what can be done')
    .argument('<endpoint>', 'name of the endpoint')
    .argument('<eventId>', 'id of the event, as "deliveries list" shows it')
    .action(async (endpoint: string, eventId: string) => {
      const db = await context.openCatalog();
      await requireKnownEndpoint(db, endpoint);
      const delivery = await readDelivery(db, endpoint, eventId);
      if (delivery === undefined) throw await unknownDelivery(db, endpoint, eventId, context.now());
      const remedies = deliveryRemedies(delivery);
      context.show({ ...delivery, remedies }, () => deliveryDetailText(context, delivery, remedies));
    });
  withExamples(command, ['reefline deliveries show customers orders.load_orders/20200303110000/r1']);
}

/** An event that the endpoint's filter left out is another matter than one that nobody reported. */
async function unknownDelivery(
  db: pg.Pool,
  endpoint: string,
  eventId: string,
  now: number,
): Promise<InvalidInput> {
  return (await readEvent(db, eventId)) === undefined
    ? unknownEvent(db, eventId, now, 'Find it with "reefline deliveries list".')
    : new InvalidInput(
        `${endpoint} was never owed the event "${eventId}": its filter left it out when the event came, or the endpoint was configured later.`,
      );
}
