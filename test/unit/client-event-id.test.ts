import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readMessages } from '../../activities/read-messages.ts';
import { eventIdOf, eventTime, InvalidEvents, labelAt, type OutgoingDataEvent } from '../../client/index.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import { projectOf } from '../support/project.ts';

const TABLE = buildRoutingTable(1, projectOf([]));
const FARES: OutgoingDataEvent = {
  event_type: 'data',
  type: 'redshift',
  schema: 'partners',
  table: 'fares',
  timelabel: '20200303000000',
  status: 'SUCCESS',
};

/** The id that a router gives to the event when it arrives, as JSON does. */
function idAtRouter(event: OutgoingDataEvent): string | undefined {
  const { arrivals } = readMessages(TABLE, [JSON.parse(JSON.stringify(event))]);
  return arrivals[0]?.id;
}

const anInstant = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) });
const anEvent: fc.Arbitrary<OutgoingDataEvent> = fc
  .record(
    {
      timelabel: anInstant.map((instant) => labelAt(instant - (instant % 86_400_000))),
      startTime: anInstant.map(eventTime),
      rows: fc.nat(),
      uri: fc.string({ minLength: 1, unit: fc.constantFrom('a', 'é', '"', '\\', '😀', '\n') }),
      error: fc.oneof(
        fc.string({ minLength: 1 }),
        fc.constant({ class: 'rejected', message: 'no', facts: { a: 1, b: null } }),
      ),
      causedBy: fc.array(fc.string({ unit: 'grapheme' })),
    },
    { requiredKeys: ['timelabel'] },
  )
  .map((extra) => ({ ...FARES, ...extra }))
  .filter((event) => !JSON.stringify(event).includes('\\u0000'));

describe('the id of an event', () => {
  test('is the one that the router derives', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        expect(eventIdOf(event)).toBe(idAtRouter(event));
      }),
    );
  });

  test('does not depend on the order of the fields', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const backwards = Object.fromEntries(Object.entries(event).reverse()) as unknown as OutgoingDataEvent;
        expect(eventIdOf(backwards)).toBe(eventIdOf(event));
      }),
    );
  });

  test('is the hash of the JSON with sorted keys, for ever', () => {
    expect(eventIdOf(FARES)).toBe('outside/08b006e2ad5023991acfb826d2d542dd');
  });

  test('is another one when any field is another', () => {
    expect(eventIdOf({ ...FARES, startTime: '2020-03-03 11:25:00:000 +00:00' })).not.toBe(eventIdOf(FARES));
    expect(eventIdOf({ ...FARES, status: 'FAILURE' })).not.toBe(eventIdOf(FARES));
  });

  test('is the given one when there is one', () => {
    expect(eventIdOf({ ...FARES, eventId: 'fares/1' })).toBe('fares/1');
  });

  test('exists only for events that a router takes', () => {
    expect(() => eventIdOf({ ...FARES, timelabel: 'yesterday' })).toThrow(InvalidEvents);
  });
});
