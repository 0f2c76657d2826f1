import { describe, expect, test } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { eventUuid } from '../../activities/event-uuid.ts';
import { cloudEvent } from '../../pipeline/cloud-event.ts';
import type { DataEvent, MetadataEvent, ReeflineEvent } from '../../pipeline/data-event.ts';
import { MESSAGE_FORMATS } from '../../pipeline/endpoint.ts';
import { fitMessage, MAX_EVENT_BYTES } from '../../pipeline/fit-message.ts';
import { healthEvent } from '../../pipeline/health-event.ts';
import { messageBody } from '../../pipeline/message-body.ts';
import type { EventLineage } from '../../pipeline/open-lineage.ts';
import { OUTCOMES, statusOf, type Outcome } from '../../pipeline/outcome.ts';
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
  const message = JSON.stringify(cloudEvent(fitMessage(event, bytesOf).event, sequence));
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
    const message = JSON.stringify(cloudEvent(fitMessage(EVENT, bytesOf).event, 7, { replayed: true }));
    const replayed = new CloudEvent(JSON.parse(message) as Partial<CloudEvent<unknown>>, true);
    expect(replayed).toMatchObject({ id: EVENT.eventId, reeflinereplayed: true, data: EVENT });
    expect(read(EVENT)).not.toHaveProperty('reeflinereplayed');
  });

  test('says in which trace its delivery stands, and not in which one its event was sent', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const sent = traceparent.replace('00f067aa0ba902b7', 'b7ad6b7169203331');
    const tracestate = 'rojo=1';
    const event: DataEvent = { ...EVENT, traceparent: sent, tracestate };
    const tools = { bytesOf, uuidOf: eventUuid };
    const body = messageBody(
      { event, seq: 7, replayed: false, traceparent, tracestate },
      'cloudevents',
      tools,
    );
    const received = new CloudEvent(JSON.parse(body) as Partial<CloudEvent<unknown>>, true);
    expect(received).toMatchObject({ traceparent, tracestate, data: EVENT });
    for (const format of MESSAGE_FORMATS)
      expect(messageBody({ event, seq: 7, replayed: false }, format, tools)).not.toMatch(/4bf92f35|rojo/);
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

describe('an OpenLineage message', () => {
  const LINEAGE: EventLineage = {
    inputs: [
      {
        dataset: 'lake.shop.orders',
        labels: { first: '20200303110000', last: '20200303110000', count: 1 },
      },
      { dataset: 'shop.public.orders' },
    ],
    period: '1h',
    columns: CHANGE.after,
  };
  const write = (event: ReeflineEvent, lineage?: EventLineage, replayed = false): Record<string, unknown> =>
    JSON.parse(
      messageBody({ event, seq: 7, replayed, lineage }, 'openlineage', { bytesOf, uuidOf: eventUuid }),
    ) as Record<string, unknown>;

  test('of a data event is a run with its interval, its inputs, and what it wrote', () => {
    const event = { ...EVENT, bytes: 77 };
    expect(write(event, LINEAGE)).toMatchObject({
      eventType: 'COMPLETE',
      eventTime: '2020-03-03T11:25:47.445Z',
      run: {
        facets: {
          nominalTime: {
            nominalStartTime: '2020-03-03T11:00:00.000Z',
            nominalEndTime: '2020-03-03T12:00:00.000Z',
          },
          reefline_partition: {
            _schemaURL: 'urn:reefline:schema:openlineage-partition:1',
            eventId: EVENT.eventId,
            timelabel: '20200303110000',
            revision: 2,
            outcome: 'SUCCESS',
          },
        },
      },
      job: { namespace: 'reefline', name: 'orders.load_orders' },
      inputs: [
        {
          namespace: 'reefline',
          name: 'lake.shop.orders',
          inputFacets: { reefline_labels: { first: '20200303110000', count: 1 } },
        },
        { namespace: 'reefline', name: 'shop.public.orders' },
      ],
      outputs: [
        {
          namespace: 'reefline',
          name: 'warehouse.analytics.orders',
          facets: { schema: { fields: [{ name: 'id', type: 'int64' }] } },
          outputFacets: { outputStatistics: { rowCount: 3, size: 77 } },
        },
      ],
    });
  });

  test('has a run id that is a UUID of version 5, the same for each sending and another for each event', () => {
    const idOf = (event: ReeflineEvent, replayed: boolean): unknown =>
      (write(event, undefined, replayed)['run'] as { runId: string }).runId;
    // Made by the standard library of Python: uuid.uuid5(uuid.UUID('6f0d3c1b-e2a8-4f5a-9c57-2d8e41b7a390'), EVENT.eventId)
    expect(idOf(EVENT, false)).toBe('936a6053-8961-5023-bf2e-0ac1c6a68cdb');
    expect(idOf(EVENT, true)).toBe(idOf(EVENT, false));
    expect(idOf({ ...EVENT, eventId: 'orders.load_orders/20200303110000/r3' }, false)).not.toBe(
      idOf(EVENT, false),
    );
  });

  test.each<[Outcome, string]>([
    ['SUCCESS', 'COMPLETE'],
    ['EMPTY', 'COMPLETE'],
    ['PARTIAL', 'COMPLETE'],
    ['RECOVERED', 'COMPLETE'],
    ['RELEASED', 'COMPLETE'],
    ['FAILURE', 'FAIL'],
    ['MISSING', 'FAIL'],
    ['QUARANTINED', 'FAIL'],
    ['REJECTED', 'FAIL'],
    ['SKIPPED', 'ABORT'],
    ['LATE', 'OTHER'],
    ['HELD', 'OTHER'],
  ])('of the outcome %s says %s', (outcome, state) => {
    expect(write({ ...EVENT, outcome, status: statusOf(outcome) })).toMatchObject({ eventType: state });
  });

  test('of a failure has the error, and no figures of what was not written', () => {
    const error = { class: 'timeout', message: 'too slow', facts: {} };
    const failed = write({ ...EVENT, status: 'FAILURE', outcome: 'FAILURE', error });
    expect(failed).toMatchObject({ run: { facets: { errorMessage: { message: 'too slow' } } } });
    expect(JSON.stringify(failed)).not.toContain('outputStatistics');
  });

  test('of what is not known says nothing, and an outside service is a job of its own', () => {
    const outside = write({ ...EVENT, stage: null, pipeline: null, rows: null });
    expect(outside).toMatchObject({
      job: { name: 'services/warehouse.analytics.orders' },
      inputs: [],
      outputs: [{ namespace: 'reefline', name: 'warehouse.analytics.orders' }],
    });
    for (const absent of ['nominalEndTime', 'schema"', 'outputStatistics', 'errorMessage'])
      expect(JSON.stringify(outside)).not.toContain(absent);
    // A label that is none of the period, as after a change of the period, has no known end.
    expect(JSON.stringify(write(EVENT, { ...LINEAGE, period: '1d' }))).not.toContain('nominalEndTime');
  });

  test('of a schema change is an event of the dataset with its new columns', () => {
    const changed = write(CHANGE);
    expect(changed).toMatchObject({
      dataset: {
        namespace: 'reefline',
        name: 'warehouse.analytics.orders',
        facets: {
          schema: { fields: [{ name: 'id', type: 'int64' }] },
          lifecycleStateChange: { lifecycleStateChange: 'ALTER' },
          reefline_partition: { change: 'COLUMN_ADDED', timelabel: '20200303110000' },
        },
      },
    });
    expect(changed).not.toHaveProperty('run');
    expect(JSON.stringify(write({ ...CHANGE, change: 'TABLE_ADDED' }))).toContain('"CREATE"');
  });

  test('of the health of an endpoint is a job that is described by the reason', () => {
    const error = { class: 'timeout', message: 'no answer', facts: {} };
    const health = healthEvent({
      endpoint: 'partner',
      change: 3,
      health: 'failing',
      previous: 'degraded',
      reason: 'It took nothing for 60 s.',
      error,
      oldestSeconds: 61,
      now: 0,
    });
    expect(write(health)).toMatchObject({
      eventTime: '1970-01-01T00:00:00.000Z',
      job: {
        name: 'endpoints/partner',
        facets: {
          documentation: { description: 'It took nothing for 60 s.' },
          reefline_partition: { health: 'failing', revision: 3 },
        },
      },
    });
  });

  test('that is sent once more says so in its partition', () => {
    for (const event of [EVENT, CHANGE]) {
      expect(JSON.stringify(write(event, undefined, true))).toContain('"replayed":true');
      expect(JSON.stringify(write(event))).not.toContain('replayed');
    }
  });

  test('that would be too long comes without columns, and at last without inputs', () => {
    const name = '🐟'.repeat(60);
    const columns = Array.from({ length: 1_600 }, () => ({
      name,
      type: { kind: 'text' as const },
      nullable: true,
    }));
    const wide = write(EVENT, { ...LINEAGE, columns });
    expect(wide).toMatchObject({ inputs: [{ name: 'lake.shop.orders' }, {}] });
    expect(wide['outputs']).not.toMatchObject([{ facets: expect.anything() }]);
    const inputs = columns.map(({ name: dataset }) => ({ dataset }));
    const all = write(EVENT, { ...LINEAGE, columns, inputs });
    expect(all['inputs']).toEqual([]);
    expect(bytesOf(JSON.stringify(all))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
  });
});

describe('a message', () => {
  test('that fits is the event, with its documented fields first', () => {
    const shuffled = Object.fromEntries(Object.entries(EVENT).reverse()) as unknown as DataEvent;
    expect(fitMessage(shuffled, bytesOf).event).toEqual(EVENT);
    expect(Object.keys(fitMessage(shuffled, bytesOf).event).slice(0, 9)).toEqual([
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
        const { event: sent, json } = fitMessage(event, bytesOf);
        expect(json).toBe(JSON.stringify(sent));
        expect(bytesOf(json)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
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
    const { event: sent, json } = fitMessage({ ...CHANGE, before: columns, after: columns }, bytesOf);
    expect(bytesOf(json)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(sent.omitted).toContain('before');
  });
});
