import type { Command } from 'commander';
import { readEvent } from '../../catalog/event-views.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { eventDetailText } from '../event-text.ts';
import { unknownEvent } from '../unknown-event.ts';

const FIND = 'Find it with "reefline events search"; what was no event is in "reefline events rejected".';

export function addEventsShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'events')
    .command('show')
    .description('one event: its fields, verdicts, deliveries, what led to it and what followed')
    .argument(
      '<eventId>',
      'as events tail --json and your queue show it, e.g. orders.load_orders/20200303110000/r1',
    )
    .action(async (eventId: string) => {
      const db = await context.openCatalog(4);
      const event = await readEvent(db, eventId);
      if (event === undefined) throw await unknownEvent(db, eventId, context.now(), FIND);
      context.show(event, () => eventDetailText(context, event));
    });
  withExamples(command, ['reefline events show orders.load_orders/20200303110000/r1']);
}
