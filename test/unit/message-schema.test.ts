import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { eventTime, SCHEMA_CHANGES, type ReeflineEvent } from '../../pipeline/data-event.ts';
import { MESSAGE_FORMATS } from '../../pipeline/endpoint.ts';
import { ENDPOINT_HEALTHS } from '../../pipeline/endpoint-health.ts';
import { MAX_EVENT_BYTES } from '../../pipeline/fit-message.ts';
import { healthEvent } from '../../pipeline/health-event.ts';
import { readIncoming } from '../../pipeline/incoming.ts';
import { messageBody } from '../../pipeline/message-body.ts';
import { numberEvents } from '../../pipeline/number-events.ts';
import { OUTCOMES, statusOf } from '../../pipeline/outcome.ts';
import { probeEvent, probeMessage } from '../../pipeline/probe.ts';
import { EVENT_TYPES } from '../../pipeline/stage.ts';
import { labelAt } from '../../pipeline/timelabel.ts';
import { anInstant } from '../support/arbitraries.ts';
import { expectValid, expectValidBody } from '../support/message-schemas.ts';
import { CHANGED_EVENT, FAILED_EVENT, LOADED_EVENT } from '../support/sample-events.ts';

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** The event that is logged of what arrives; undefined when it is refused. */
function logged(raw: unknown): ReeflineEvent | undefined {
  const incoming = readIncoming(raw);
  if (incoming.kind === 'malformed') return undefined;
  const known = { dataset: 'warehouse.analytics.orders', producer: null } as never;
  const state = { known: new Set<string>(), highest: new Map<string, number>(), logged: new Map() };
  return numberEvents([{ id: incoming.eventId ?? 'e', incoming, known }], state, 0).events[0];
}

function expectEveryFormatValid(event: ReeflineEvent, seq: number): void {
  for (const format of MESSAGE_FORMATS)
    for (const replayed of [false, true]) {
      const body = messageBody({ event, seq, replayed }, format, bytesOf);
      expectValidBody(format, body);
      // A quarter of what SQS takes is left for the envelope and its attributes.
      expect(bytesOf(body)).toBeLessThan(256 * 1024);
    }
}

const aTime = anInstant.map(eventTime);
const aText = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !text.includes('\0'));
const aCount = fc.option(fc.maxSafeNat());
const anIdentity = {
  type: fc.constantFrom(...EVENT_TYPES),
  schema: aText,
  table: aText,
  timelabel: anInstant.map(labelAt),
};
const mayHave = {
  eventId: aText,
  revision: fc.integer({ min: 1, max: 1_000_000 }),
  pipeline: aText,
  stage: aText,
  runId: fc.uuid(),
};
const aValue = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));

const aDataEvent = fc
  .record(
    {
      event_type: fc.constant('data'),
      ...anIdentity,
      ...mayHave,
      outcome: fc.constantFrom(...OUTCOMES),
      startTime: aTime,
      updateTime: aTime,
      endTime: aTime,
      causedBy: fc.array(aText, { maxLength: 3 }),
      rows: aCount,
      bytes: aCount,
      uri: aText,
      error: fc.oneof(
        fc.constant('x'.repeat(5_000)),
        fc.record({ class: aText, message: fc.string(), facts: fc.dictionary(fc.string(), aValue) }),
      ),
      configVersion: aCount,
      propagates: fc.boolean(),
      backfill: aText,
      missing: fc.array(fc.record({ dataset: aText, timelabel: anIdentity.timelabel }), { maxLength: 2 }),
      checks: fc.array(
        fc.record({
          name: aText,
          severity: fc.constantFrom('error', 'warn'),
          violations: fc.nat(),
          sample: fc.array(fc.string(), { maxLength: 2 }),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['event_type', 'type', 'schema', 'table', 'timelabel', 'outcome'] },
  )
  .map((event) => ({ ...event, status: statusOf(event.outcome) }));

const aColumn = fc.record({
  name: aText,
  type: fc.oneof(
    fc.constantFrom('int64', 'decimal(12,2)', 'timestamp with time zone'),
    fc.constantFrom({ kind: 'text' }, { kind: 'timestamp', zoned: false }),
    fc.record({ kind: fc.constant('decimal'), precision: fc.nat(38), scale: fc.nat(38) }),
  ),
  nullable: fc.boolean(),
});
const aMetadataEvent = fc.record(
  {
    event_type: fc.constant('metadata'),
    ...anIdentity,
    ...mayHave,
    change: fc.constantFrom(...SCHEMA_CHANGES),
    before: fc.array(aColumn, { maxLength: 3 }),
    after: fc.array(aColumn, { maxLength: 3 }),
    time: aTime,
  },
  { requiredKeys: ['event_type', 'type', 'schema', 'table', 'timelabel', 'change'] },
);

describe('every message keeps to its published schema', () => {
  test('of whatever event, in every format, sent once more or not', () => {
    fc.assert(
      fc.property(fc.oneof(aDataEvent, aMetadataEvent), fc.maxSafeNat(), (raw, seq) => {
        const event = logged(raw);
        if (event === undefined) throw new Error('An event of the documented fields is taken.');
        expectEveryFormatValid(event, seq);
      }),
      { numRuns: 120 },
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
      messageBody({ event: long, seq: 1, replayed: false }, 'data-event', bytesOf),
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

  test('say to receivers that they ignore new fields, and do not forbid them', () => {
    for (const name of ['data-event', 'metadata-event', 'endpoint-event', 'probe', 'cloudevents']) {
      const text = readFileSync(new URL(`${name}.schema.json`, ROOT), 'utf8');
      expect(text).toContain('readers ignore those that they do not know');
      expect(text).not.toContain('"additionalProperties": false');
      const { $id } = JSON.parse(text) as { $id: string };
      expect($id).toBe(`urn:reefline:schema:${name}:1`);
    }
  });
});
