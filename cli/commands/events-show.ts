import type { Command } from 'commander';
import type pg from 'pg';
import { readEvent, searchEvents } from '../../catalog/event-views.ts';
import { nearest } from '../../config/nearest.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { eventDetailText } from '../event-text.ts';
import { InvalidInput } from '../invalid-input.ts';

/** Events of the same label among which the meant one is looked for. */
const NEAR = 200;

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
      if (event === undefined) throw await unknownEvent(db, eventId);
      context.show(event, () => eventDetailText(context, event));
    });
  withExamples(command, ['reefline events show orders.load_orders/20200303110000/r1']);
}

/** Names the revisions of the label that the log does have, when the id is one of a run. */
async function unknownEvent(db: pg.Pool, eventId: string): Promise<InvalidInput> {
  const [, label] = /\/(\d{14})\//.exec(eventId) ?? [];
  const near = label === undefined ? [] : await searchEvents(db, { label }, NEAR);
  const ids = near.map((event) => event.eventId);
  const close = nearest(eventId, ids);
  const cure =
    close === undefined
      ? 'Find it with "reefline events search"; what was no event is in "reefline events rejected".'
      : `Did you mean ${close}?`;
  return new InvalidInput(`The log has no event "${eventId}". ${cure}`);
}
