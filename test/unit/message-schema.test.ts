import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { eventUuid } from '../../activities/event-uuid.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import { MESSAGE_FORMATS } from '../../pipeline/endpoint.ts';
import { ENDPOINT_HEALTHS } from '../../pipeline/endpoint-health.ts';
import { MAX_EVENT_BYTES } from '../../pipeline/fit-message.ts';
import { healthEvent } from '../../pipeline/health-event.ts';
import { readIncoming } from '../../pipeline/incoming.ts';
import { messageBody } from '../../pipeline/message-body.ts';
import { NO_LINEAGE, openLineageEvent, type EventLineage } from '../../pipeline/open-lineage.ts';
import { numberEvents } from '../../pipeline/number-events.ts';
import { probeEvent, probeMessage } from '../../pipeline/probe.ts';
import { aFixedPeriod, aLocalPeriod, anInstant } from '../support/arbitraries.ts';
import { expectOpenLineage } from '../support/open-lineage-spec.ts';
import { expectValid, expectValidBody } from '../support/message-schemas.ts';
import { CHANGED_EVENT, FAILED_EVENT, LOADED_EVENT } from '../support/sample-events.ts';
import { aDataEvent, aLabel, aMetadataEvent, aText } from '../support/sent-events.ts';

const bytesOf = (text: string): number => Buffer.byteLength(text);
const TEXTS = { bytesOf, uuidOf: eventUuid };
const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** The event that is logged of what arrives; undefined when it is refused. */
function logged(raw: unknown): ReeflineEvent | undefined {
  const incoming = readIncoming(raw);
  if (incoming.kind === 'malformed') return undefined;
  const known = { dataset: 'warehouse.analytics.orders', producer: null } as never;
  const state = { known: new Set<string>(), highest: new Map<string, number>(), logged: new Map() };
  return numberEvents([{ id: incoming.eventId ?? 'e', incoming, known }], state, 0).events[0];
}

function expectEveryFormatValid(event: ReeflineEvent, seq: number, lineage?: EventLineage): void {
  for (const format of MESSAGE_FORMATS)
    for (const replayed of [false, true]) {
      const traceparent = replayed ? CONTEXT : undefined;
      const body = messageBody({ event, seq, replayed, lineage, traceparent }, format, TEXTS);
      expectValidBody(format, body);
      // A quarter of what SQS takes is left for the envelope and its attributes.
      expect(bytesOf(body)).toBeLessThan(256 * 1024);
    }
}

const aLineage: fc.Arbitrary<EventLineage> = fc.record({
  inputs: fc.array(
    fc.record(
      {
        dataset: aText,
        labels: fc.record({
          first: aLabel,
          last: aLabel,
          count: fc.integer({ min: 1, max: 10_000 }),
        }),
      },
      { requiredKeys: ['dataset'] },
    ),
    { maxLength: 2 },
  ),
  period: fc.option(fc.oneof(aFixedPeriod, aLocalPeriod)),
  columns: fc.option(fc.constant(CHANGED_EVENT.after)),
});

describe('every message keeps to its published schema', () => {
  test('of whatever event, in every format, sent once more or not', () => {
    fc.assert(
      fc.property(fc.oneof(aDataEvent, aMetadataEvent), fc.maxSafeNat(), aLineage, (raw, seq, lineage) => {
        const event = logged(raw);
        if (event === undefined) throw new Error('An event of the documented fields is taken.');
        expectEveryFormatValid(event, seq, lineage);
      }),
      { numRuns: 80 },
    );
  });

  test('of whatever is taken for an event though some of its fields are anything', () => {
    const sane = fc.oneof(aDataEvent, aMetadataEvent);
    const damage = fc.dictionary(
      fc.constantFrom(...Object.keys({ ...LOADED_EVENT, ...CHANGED_EVENT }), 'missing', 'checks', 'backfill'),
      fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom('name', 'type'), fc.string()))),
      { minKeys: 1, maxKeys: 3 },
    );
    let taken = 0;
    fc.assert(
      fc.property(sane, damage, (raw, damaged) => {
        const event = logged({ ...raw, ...damaged });
        if (event === undefined) return;
        taken += 1;
        expectEveryFormatValid(event, 1);
      }),
      { numRuns: 250 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test('of events whose lists and facts are too long for a message', () => {
    const text = 'ü'.repeat(1_000);
    const facts = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`fact${String(at)}`, text]));
    const long = { ...FAILED_EVENT, error: { class: 'rejected', message: 'm', facts } };
    const sent = JSON.parse(
      messageBody({ event: long, seq: 1, replayed: false }, 'data-event', TEXTS),
    ) as object;
    expect(sent).toMatchObject({ error: { message: 'm', facts: {} }, omitted: ['error.facts'] });
    expect(bytesOf(JSON.stringify(sent))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expectEveryFormatValid(long, 1);
    expectEveryFormatValid({ ...LOADED_EVENT, causedBy: Array.from({ length: 300 }, () => text) }, 1);
  });

  test('of whatever change of the health of an endpoint', () => {
    const aHealth = fc.constantFrom(...ENDPOINT_HEALTHS);
    const aChange = fc.record({
      endpoint: fc.stringMatching(/^[a-z][a-z0-9_]{0,40}$/),
      change: fc.integer({ min: 1, max: 1_000_000 }),
      health: aHealth,
      previous: aHealth,
      reason: fc.oneof(aText, fc.constant('x'.repeat(5_000))),
      error: fc.option(
        fc.record({ class: aText, message: fc.oneof(fc.string(), fc.constant('x'.repeat(5_000))) }),
      ),
      oldestSeconds: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      now: anInstant,
    });
    fc.assert(
      fc.property(aChange, fc.maxSafeNat(), (change, seq) => {
        expectEveryFormatValid(healthEvent(change), seq);
      }),
      { numRuns: 60 },
    );
  });

  test('of a probe', () => {
    const probe = probeEvent('customers', 'ada@ops-1', 0);
    for (const format of MESSAGE_FORMATS) {
      const endpoint = { name: 'customers', kind: 'sqs', queueUrl: 'x', format } as const;
      expectValidBody(format, probeMessage(probe, endpoint).body);
    }
  });
});

describe('the published schemas', () => {
  const ROOT = new URL('../../schema/', import.meta.url);

  const NAMES = [
    ...['data-event', 'metadata-event', 'endpoint-event', 'probe', 'cloudevents'],
    ...['openlineage', 'openlineage-partition', 'openlineage-labels'],
  ];

  test('name the nine documented fields first and require them', () => {
    const schema = JSON.parse(readFileSync(new URL('data-event.schema.json', ROOT), 'utf8')) as {
      properties: object;
      required: string[];
    };
    const nine = Object.keys(LOADED_EVENT).slice(0, 9);
    expect(Object.keys(schema.properties).slice(0, 9)).toEqual(nine);
    expect(schema.required).toEqual(expect.arrayContaining(nine));
  });

  test.each<[string, object]>([
    ['a missing field', { status: undefined }],
    ['a time with a full stop', { endTime: '2020-03-03 12:10:47.445 +00:00' }],
    ['a label that is none', { timelabel: '20201303110000' }],
    ['a label with seconds', { timelabel: '20200303110001' }],
    ['a status that its outcome does not have', { outcome: 'LATE' }],
    ['an outcome of no meaning', { outcome: 'LOST' }],
    ['a type of no meaning', { type: 'oracle' }],
    ['rows that are a text', { rows: '3' }],
    ['a field that is not published', { shipped: 'by sea' }],
  ])('refuse %s', (_what, damage) => {
    expectValid('data-event', LOADED_EVENT);
    const message = JSON.parse(JSON.stringify({ ...LOADED_EVENT, ...damage })) as object;
    expect(() => {
      expectValid('data-event', message);
    }).toThrow();
  });

  test('of OpenLineage refuse a run without a UUID and a facet without its maker', () => {
    const event = openLineageEvent(LOADED_EVENT, NO_LINEAGE, false, eventUuid);
    const text = JSON.stringify(event);
    expectOpenLineage(event);
    for (const damaged of [
      text.replace(/"runId":"[^"]+"/, '"runId":"orders/r1"'),
      text.replace(/"_producer":"[^"]+",/, ''),
      text.replace('"rowCount":', '"rowCount":1.'),
      text.replace('"nominalStartTime":', '"start":'),
    ]) {
      expect(damaged).not.toBe(text);
      expect(() => {
        expectOpenLineage(JSON.parse(damaged));
      }).toThrow();
    }
  });

  test('say to receivers that they ignore new fields, and do not forbid them', () => {
    for (const name of NAMES) {
      const text = readFileSync(new URL(`${name}.schema.json`, ROOT), 'utf8');
      expect(text).toContain('readers ignore those that they do not know');
      expect(text).not.toContain('"additionalProperties": false');
      const { $id } = JSON.parse(text) as { $id: string };
      expect($id).toBe(`urn:reefline:schema:${name}:1`);
    }
  });
});
