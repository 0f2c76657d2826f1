import { describe, expect, test } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { cloudEvent } from '../../pipeline/cloud-event.ts';
import type { DataEvent, MetadataEvent, ReeflineEvent } from '../../pipeline/data-event.ts';
import { fitMessage, MAX_EVENT_BYTES } from '../../pipeline/fit-message.ts';
import { OUTCOMES, statusOf } from '../../pipeline/outcome.ts';
import { EVENT, TIME } from '../support/sample-event.ts';

const CHANGE: MetadataEvent = {
  event_type: 'metadata',
  change: 'COLUMN_ADDED',
  before: [],
  after: [{ name: 'id', type: { kind: 'int64' }, nullable: false }],
  type: 'redshift',
  schema: 'analytics',
  table: 'orders',
  timelabel: '20200303110000',
  eventId: 'orders.load_orders/20200303110000/r2/COLUMN_ADDED',
  dataset: 'warehouse.analytics.orders',
  revision: 2,
  pipeline: null,
  stage: null,
  runId: null,
  time: TIME,
};

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Reads the message as a consumer does, by the CloudEvents SDK, which refuses what is no valid CloudEvent. */
function read(event: ReeflineEvent, sequence = 7): CloudEvent<unknown> {
  const message = JSON.stringify(cloudEvent(fitMessage(event, bytesOf), sequence));
  return new CloudEvent(JSON.parse(message) as Partial<CloudEvent<unknown>>, true);
}

describe('a CloudEvents message', () => {
  test('is valid, names dataset and label as its subject and has the event as its data', () => {
    expect(read(EVENT)).toMatchObject({
      specversion: '1.0',
      id: EVENT.eventId,
      source: '/pipelines/orders',
      type: 'reefline.data.success.v1',
      subject: 'warehouse.analytics.orders/20200303110000',
      time: '2020-03-03T11:25:47.445Z',
      datacontenttype: 'application/json',
      partitionkey: 'warehouse.analytics.orders',
      sequence: '0000000000000000007',
      revision: 2,
      data: EVENT,
    });
  });

  test('of a schema change names the change, and of an outside service no pipeline', () => {
    expect(read(CHANGE)).toMatchObject({
      source: '/services',
      type: 'reefline.metadata.column_added.v1',
      data: CHANGE,
    });
  });

  test.each(OUTCOMES)('of the outcome %s is valid', (outcome) => {
    const { type } = read({ ...EVENT, outcome, status: statusOf(outcome) });
    expect(type).toBe(`reefline.data.${outcome.toLowerCase()}.v1`);
  });

  test('of a replay is valid and says so, with the id of the first sending', () => {
    const message = JSON.stringify(cloudEvent(fitMessage(EVENT, bytesOf), 7, true));
    const replayed = new CloudEvent(JSON.parse(message) as Partial<CloudEvent<unknown>>, true);
    expect(replayed).toMatchObject({ id: EVENT.eventId, reeflinereplayed: true, data: EVENT });
    expect(read(EVENT)).not.toHaveProperty('reeflinereplayed');
  });

  test('comes in the order of the log when its sequence is sorted as text', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        const [first, second] = [read(EVENT, one)['sequence'], read(EVENT, other)['sequence']] as [
          string,
          string,
        ];
        expect(Math.sign(first < second ? -1 : first > second ? 1 : 0)).toBe(Math.sign(one - other));
      }),
    );
  });
});

describe('a message', () => {
  test('that fits is the event, with its documented fields first', () => {
    const shuffled = Object.fromEntries(Object.entries(EVENT).reverse()) as unknown as DataEvent;
    expect(fitMessage(shuffled, bytesOf)).toEqual(EVENT);
    expect(Object.keys(fitMessage(shuffled, bytesOf)).slice(0, 9)).toEqual([
      ...[
        'event_type',
        'type',
        'schema',
        'table',
        'timelabel',
        'status',
        'startTime',
        'updateTime',
        'endTime',
      ],
    ]);
  });

  const lists = fc.record({
    causes: fc.nat(300),
    checks: fc.nat(400),
    unit: fc.constantFrom('x', 'ü', '🐟', '"'),
  });

  test('of whatever lists never exceeds the limit, and says which ones it lacks', () => {
    fc.assert(
      fc.property(lists, ({ causes, checks, unit }) => {
        const text = unit.repeat(500);
        const check = { name: text, severity: 'error', violations: 1, message: text };
        const event = {
          ...EVENT,
          causedBy: Array.from({ length: causes }, () => text),
          checks: Array.from({ length: checks }, () => check),
        } as unknown as DataEvent;
        const sent = fitMessage(event, bytesOf);
        expect(bytesOf(JSON.stringify(sent))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
        const { omitted = [], ...others } = sent;
        const lacking = Object.fromEntries(omitted.map((field) => [field, []]));
        expect(others).toEqual({ ...event, ...lacking });
      }),
      { numRuns: 60 },
    );
  });

  test('of a change of the widest table fits, too', () => {
    const columns = Array.from({ length: 1_600 }, (_, at) => ({
      name: `${'🐟'.repeat(30)}${String(at)}`,
      type: { kind: 'timestamp' as const, zoned: true },
      nullable: true,
    }));
    const sent = fitMessage({ ...CHANGE, before: columns, after: columns }, bytesOf);
    expect(bytesOf(JSON.stringify(sent))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(sent.omitted).toContain('before');
  });
});
