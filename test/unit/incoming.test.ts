import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readIncoming } from '../../pipeline/incoming.ts';
import { readMessage } from '../../pipeline/read-message.ts';
import { parseTraceparent, readTraceparent } from '../../pipeline/traceparent.ts';
import { aTraceparent } from '../support/sent-events.ts';

const SIX = {
  event_type: 'data',
  type: 'redshift',
  schema: 'analytics',
  table: 'orders',
  timelabel: '20200303112000',
  status: 'SUCCESS',
} as const;

const FULL = {
  ...SIX,
  startTime: '2020-03-03 11:25:00:000 +00:00',
  updateTime: '2020-03-03 11:25:47:445 +00:00',
  endTime: '2020-03-03 11:25:47:445 +00:00',
  eventId: 'orders.load_orders/20200303112000/r1',
  dataset: 'warehouse.analytics.orders',
  revision: 1,
  pipeline: 'orders',
  stage: 'orders.load_orders',
  runId: 'b5b4a1',
  causedBy: ['a', 'b'],
  rows: 120443,
  bytes: 8123345,
  uri: 's3://lake/manifest.json',
  error: null,
  configVersion: 7,
} as const;

const METADATA = {
  event_type: 'metadata',
  type: 's3',
  schema: 'shop',
  table: 'orders',
  timelabel: '20200303110000',
  change: 'COLUMN_ADDED',
  before: [],
  after: [{ name: 'id', type: { kind: 'int64' }, nullable: false }],
} as const;

describe('the context of a trace', () => {
  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

  test('is kept of an event, and neither refuses it nor is part of its content, whatever it is', () => {
    const [bare, changed] = [SIX, METADATA].map((event) => readMessage(event));
    const anything = fc.oneof(
      aTraceparent,
      fc.jsonValue(),
      fc.constant('\u0000'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(anything, (traceparent) => {
        const kept = readTraceparent(traceparent);
        const context = kept === undefined ? {} : { traceparent: kept };
        for (const [event, without] of [
          [SIX, bare],
          [METADATA, changed],
        ] as const)
          expect(readMessage({ ...event, traceparent })).toEqual({
            canonical: without?.canonical,
            incoming: { ...without?.incoming, ...context },
          });
      }),
    );
    fc.assert(fc.property(aTraceparent, (text) => expect(readTraceparent(text)).toBe(text)));
  });

  test.each([
    [`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`],
    // Of flags only one is known, and of later versions the beginning.
    [`00-${traceId}-${spanId}-03`, `00-${traceId}-${spanId}-01`],
    [`00-${traceId}-${spanId}-fe`, `00-${traceId}-${spanId}-00`],
    [`cc-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`],
    [`cc-${traceId}-${spanId}-01-what-the-future-brings`, `00-${traceId}-${spanId}-01`],
    [`00-${traceId}-${spanId}-01-what-the-future-brings`, undefined],
    [`cc-${traceId}-${spanId}-01.more`, undefined],
    [`ff-${traceId}-${spanId}-01`, undefined],
    [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
    [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
    [`00-${traceId}-${spanId}`, undefined],
    [`00-${traceId}-${spanId}-01\n`, undefined],
    [` 00-${traceId}-${spanId}-01`, undefined],
    [`cc-${traceId}-${spanId}-01-${'x'.repeat(100_000)}`, undefined],
  ])('as W3C has it: %s', (text, kept) => {
    expect(readTraceparent(text)).toBe(kept);
    expect(parseTraceparent(text)?.traceId).toBe(kept === undefined ? undefined : traceId);
  });
});

describe('what is an event', () => {
  test('the first six fields are enough', () => {
    expect(readIncoming(SIX)).toEqual({
      kind: 'data',
      type: 'redshift',
      schema: 'analytics',
      table: 'orders',
      timelabel: '20200303112000',
      status: 'SUCCESS',
      causedBy: [],
      rows: null,
      bytes: null,
      uri: null,
      error: null,
      configVersion: null,
      outcome: 'SUCCESS',
      propagates: true,
    });
  });

  test('rows and status say the outcome that the sender leaves out, and a named one must agree with the status', () => {
    expect(readIncoming({ ...SIX, rows: 0 })).toMatchObject({ outcome: 'EMPTY' });
    expect(readIncoming({ ...SIX, status: 'FAILURE', rows: 0 })).toMatchObject({ outcome: 'FAILURE' });
    expect(readIncoming({ ...SIX, status: 'FAILURE', outcome: 'SKIPPED' })).toMatchObject({
      outcome: 'SKIPPED',
    });
    expect(readIncoming({ ...SIX, outcome: 'LATE' })).toMatchObject({ kind: 'malformed', field: 'outcome' });
  });

  test('every documented field is read', () => {
    const { event_type: kind, ...rest } = FULL;
    expect(readIncoming(FULL)).toEqual({ kind, ...rest, outcome: 'SUCCESS', propagates: true });
  });

  test('null stands for a field that is left out, and unknown fields are left alone', () => {
    expect(
      readIncoming({ ...SIX, dataset: null, revision: null, startTime: null, shipped: { by: 'sea' } }),
    ).toEqual(readIncoming(SIX));
  });

  test('an error may be a text', () => {
    expect(readIncoming({ ...SIX, status: 'FAILURE', error: 'disk full' })).toMatchObject({
      error: { class: 'rejected', message: 'disk full', facts: {} },
    });
  });

  test('of an error the texts, numbers and null are taken as facts', () => {
    const facts = { line: 3, code: 'E1', column: null, stack: ['a'], nested: {} };
    expect(readIncoming({ ...SIX, status: 'FAILURE', error: { message: 'm', facts } })).toMatchObject({
      error: { class: 'rejected', message: 'm', facts: { line: 3, code: 'E1', column: null } },
    });
  });

  test('a column may have its type as a text, and takes NULL when nothing is said', () => {
    const after = [{ name: 'price', type: 'decimal(12,2)', comment: 'in euros' }];
    expect(readIncoming({ ...METADATA, after })).toMatchObject({
      after: [{ name: 'price', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true }],
    });
  });

  test('a schema change is an event', () => {
    expect(readIncoming(METADATA)).toMatchObject({
      kind: 'metadata',
      change: 'COLUMN_ADDED',
      after: METADATA.after,
    });
  });
});

describe('what is none comes back with the field and the cure', () => {
  const MISSING = Object.keys(SIX) as (keyof typeof SIX)[];

  test.each(MISSING)('%s missing', (field) => {
    const { [field]: _left, ...rest } = SIX;
    expect(readIncoming(rest)).toEqual({
      kind: 'malformed',
      field,
      reason: `The field "${field}" is missing.`,
    });
  });

  test.each<[string, unknown, string]>([
    ['event_type', 'Data', 'must be one of data, metadata'],
    ['type', 'oracle', 's3, redshift, glue, athena, snowflake, publish'],
    ['status', 'success', 'SUCCESS, FAILURE'],
    ['status', 17, 'it is a number'],
    ['schema', '', 'not empty'],
    ['schema', ['analytics'], 'it is a list'],
    ['table', 'a\u0000b', 'NUL'],
    ['table', 'x'.repeat(1025), 'has 1025 characters; at most 1024'],
    ['eventId', 'x'.repeat(501), 'has 501 characters; at most 500'],
    ['timelabel', '20200230000000', '"20200230000000" is not a UTC time written YYYYMMDDHHmm00'],
    ['timelabel', '2020-03-03T11:20:00Z', 'YYYYMMDDHHmm00'],
    ['startTime', '2020-03-03T11:25:00Z', '2020-03-03 11:25:47:445 +00:00'],
    ['endTime', '2020-02-30 11:25:47:445 +00:00', 'times are written like'],
    ['revision', 0, 'leave it out to get the next one'],
    ['revision', '2', 'whole number from 1 on'],
    ['revision', 1.5, 'whole number from 1 on'],
    ['rows', -1, 'whole number from 0 on'],
    ['bytes', 2 ** 60, 'whole number from 0 on'],
    ['configVersion', 'seven', 'whole number from 0 on'],
    ['causedBy', 'a', 'list of event ids'],
    ['causedBy', [1], 'list of event ids'],
    ['uri', {}, 'it is a object'],
    ['error', 5, 'a text or an object with class and message'],
    ['missing', [{ dataset: 'a.b.c' }], 'objects with dataset and timelabel'],
    ['checks', [{ name: 'x', violations: 1 }], 'objects with name, severity, violations and sample'],
  ])('%s: %j', (field, value, cure) => {
    expect(readIncoming({ ...SIX, [field]: value })).toEqual({
      kind: 'malformed',
      field,
      reason: expect.stringContaining(cure),
    });
  });

  test.each<[string, unknown]>([
    ['change', 'RENAMED'],
    ['before', 'none'],
    ['after', [{ type: 'int64' }]],
    ['after', [{ name: 'id' }]],
    ['after', [{ name: 'id', type: 'varchar' }]],
    ['after', [{ name: 'id', type: { kind: 'decimal', precision: 'x', scale: 0 } }]],
    ['after', [{ name: 'id', type: { kind: 'int64' }, nullable: 'no' }]],
    ['time', 5],
    ['time', '2020-03-03T11:25:47Z'],
  ])('%s of a schema change: %j', (field, value) => {
    expect(readIncoming({ ...METADATA, [field]: value })).toMatchObject({ kind: 'malformed', field });
  });

  test.each([
    ['a text', 'hello'],
    ['null', null],
    ['a number', 17],
    ['a list', []],
    ['nothing', undefined],
  ])('%s', (_what, value) => {
    expect(readIncoming(value)).toEqual({
      kind: 'malformed',
      field: '',
      reason: expect.stringContaining('An event is a JSON object'),
    });
  });

  test('a payload that was no JSON says why', () => {
    expect(readIncoming({ $undecodable: 'Unexpected token d' })).toMatchObject({
      reason: "The signal's payload is not JSON: Unexpected token d",
    });
  });

  test('reasons can be stored, wherever they cut what was sent', () => {
    const emoji = '😀'.repeat(100);
    for (const shift of ['', 'x'])
      for (const field of ['event_type', 'type', 'status', 'timelabel', 'startTime']) {
        const read = readIncoming({ ...SIX, [field]: shift + emoji });
        if (read.kind !== 'malformed') throw new Error(`${field} is malformed`);
        expect(read.reason.isWellFormed()).toBe(true);
      }
  });
});

describe('whatever arrives', () => {
  /** An event in which some fields have any value at all. */
  const damaged = fc
    .tuple(
      fc.constantFrom(FULL, METADATA),
      fc.dictionary(fc.constantFrom(...Object.keys({ ...FULL, ...METADATA })), fc.jsonValue(), {
        maxKeys: 3,
      }),
    )
    .map(([event, damage]) => ({ ...event, ...damage }));

  test('it is read without failing, and a refusal names a field that the message could have', () => {
    const fields = new Set(['', ...Object.keys(FULL), ...Object.keys(METADATA)]);
    fc.assert(
      fc.property(
        fc.oneof(fc.anything({ withBigInt: true, withDate: true }), fc.jsonValue(), damaged),
        (anything) => {
          const read = readIncoming(anything);
          if (read.kind !== 'malformed') return;
          expect(fields.has(read.field)).toBe(true);
          expect(read.reason).toMatch(/\.$|^The signal's payload/);
          expect(read.reason.length).toBeLessThan(500);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('an object whose fields cannot be read is refused too', () => {
    const hostile = {
      get event_type(): string {
        throw new Error('no');
      },
    };
    expect(readIncoming(hostile)).toEqual({
      kind: 'malformed',
      field: '',
      reason: 'The event could not be read.',
    });
  });
});
