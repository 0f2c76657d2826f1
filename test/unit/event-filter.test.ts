import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endpointTest } from '../../activities/owed-endpoints.ts';
import type { ReeflineEvent } from '../../pipeline/data-event.ts';
import type { EndpointFilter } from '../../pipeline/endpoint.ts';
import { compilePattern } from '../../pipeline/name-pattern.ts';
import { instantOf, type Timelabel } from '../../pipeline/timelabel.ts';

const NO_EXPRESSIONS = (): never => {
  throw new Error('a glob was taken for an expression');
};

const LABEL = '20200303110000';

function event(fields: Readonly<Record<string, unknown>> = {}): ReeflineEvent {
  const base = { event_type: 'data', type: 'redshift', schema: 'marts', table: 'orders', timelabel: LABEL };
  return { ...base, status: 'SUCCESS', outcome: 'SUCCESS', pipeline: 'orders', ...fields } as ReeflineEvent;
}

const CHANGE = event({ event_type: 'metadata', change: 'COLUMN_ADDED', outcome: undefined });

function leftOutBy(
  filter: EndpointFilter,
  of: ReeflineEvent,
  now = instantOf(LABEL as Timelabel),
): string | undefined {
  return endpointTest({ name: 'customers', kind: 'sqs', queueUrl: 'x', ...filter })(of, now);
}

describe('a glob', () => {
  const characters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '\\', '🐟'), maxLength: 12 });
  const names = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\\', '🐟'), maxLength: 14 });

  test('fits what the regular expression with the same meaning fits, and only whole names', () => {
    fc.assert(
      fc.property(characters, names, (glob, name) => {
        const meaning = Array.from(glob).map((each) =>
          each === '*' ? '.*' : each === '?' ? '.' : each.replaceAll(/[.*?\\]/g, '\\$&'),
        );
        const expected = new RegExp(`^${meaning.join('')}$`, 'su').test(name);
        expect(compilePattern(glob, NO_EXPRESSIONS)(name)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('that a backtracking matcher would try for ever is decided at once', () => {
    const test = compilePattern('*a'.repeat(100), NO_EXPRESSIONS);
    expect(test(`${'a'.repeat(5_000)}b`)).toBe(false);
    expect(test('a'.repeat(5_000))).toBe(true);
  });
});

describe('a regular expression', () => {
  test('fits whole names only', () => {
    const filter = { tables: { allow: ['re:fact_(orders|refunds)'] } };
    expect(leftOutBy(filter, event({ table: 'fact_orders' }))).toBeUndefined();
    expect(leftOutBy(filter, event({ table: 'fact_orders_2' }))).toBe('tables');
    expect(leftOutBy(filter, event({ table: 'a_fact_orders' }))).toBe('tables');
  });

  test('that a backtracking engine would try for ever is decided at once', () => {
    const filter = { tables: { allow: ['re:(a+)+'] } };
    expect(leftOutBy(filter, event({ table: `${'a'.repeat(5_000)}b` }))).toBe('tables');
  });
});

describe('a filter', () => {
  test('that says nothing lets everything pass', () => {
    expect(leftOutBy({}, event({ outcome: 'LATE', status: 'FAILURE', pipeline: null }))).toBeUndefined();
    expect(leftOutBy({}, CHANGE)).toBeUndefined();
  });

  test.each<[EndpointFilter, Readonly<Record<string, unknown>>, string | undefined]>([
    [{ events: ['metadata'] }, {}, 'events'],
    [{ on: ['FAILURE'] }, {}, 'on'],
    [{ on: ['FAILURE'] }, { outcome: 'QUARANTINED', status: 'FAILURE' }, undefined],
    [{ on: ['SUCCESS'] }, { outcome: 'EMPTY' }, undefined],
    [{ types: ['s3'] }, {}, 'types'],
    [{ types: ['s3', 'redshift'] }, {}, undefined],
    [{ schemas: { allow: ['m*'] } }, {}, undefined],
    [{ schemas: { allow: ['M*'] } }, {}, 'schemas'],
    [{ schemas: { deny: ['tmp'] } }, {}, undefined],
    [{ schemas: { allow: ['*'], deny: ['marts'] } }, {}, 'schemas'],
    [{ tables: { allow: ['order'] } }, {}, 'tables'],
    [{ pipelines: ['orders'] }, {}, undefined],
    [{ pipelines: ['marts'] }, {}, 'pipelines'],
    [{ pipelines: ['orders'] }, { pipeline: null }, 'pipelines'],
  ])('%j keeps %j out by %s', (filter, fields, field) => {
    expect(leftOutBy(filter, event(fields))).toBe(field);
  });

  test('of a channel that names no outcomes lets failures and schema changes pass, and one that does what it names', () => {
    const slack = { name: 'on_call', kind: 'slack', url: 'x' } as const;
    const left = (of: ReeflineEvent, filter: EndpointFilter = {}): string | undefined =>
      endpointTest({ ...slack, ...filter })(of, 0);
    for (const outcome of ['FAILURE', 'MISSING', 'QUARANTINED', 'REJECTED'])
      expect(left(event({ outcome, status: 'FAILURE' }))).toBeUndefined();
    for (const outcome of ['SUCCESS', 'EMPTY', 'RECOVERED', 'LATE', 'SKIPPED', 'HELD'])
      expect(left(event({ outcome }))).toBe('on');
    expect(left(CHANGE)).toBeUndefined();
    expect(left(event({ outcome: 'RECOVERED' }), { on: ['RECOVERED'] })).toBeUndefined();
    expect(left(event({ outcome: 'FAILURE', status: 'FAILURE' }), { on: ['RECOVERED'] })).toBe('on');
  });

  test('of outcomes lets schema changes pass, which have none', () => {
    expect(leftOutBy({ on: ['FAILURE'] }, CHANGE)).toBeUndefined();
    expect(leftOutBy({ events: ['data'] }, CHANGE)).toBe('events');
  });

  test('of an age counts from the start of the label to the arrival of the event', () => {
    const start = instantOf(LABEL as Timelabel);
    expect(leftOutBy({ maxAgeSeconds: 3600 }, event(), start + 3_600_000)).toBeUndefined();
    expect(leftOutBy({ maxAgeSeconds: 3600 }, event(), start + 3_600_001)).toBe('maxAgeSeconds');
  });

  test('passes an event exactly when each of its fields does', () => {
    const filters: fc.Arbitrary<EndpointFilter> = fc.record(
      {
        events: fc.constantFrom(['data'] as const, ['metadata'] as const),
        on: fc.constantFrom(['SUCCESS'] as const, ['FAILURE', 'LATE'] as const),
        types: fc.constantFrom(['s3'] as const, ['redshift', 'glue'] as const),
        schemas: fc.constantFrom({ allow: ['m*'] }, { deny: ['marts'] }),
        tables: fc.constantFrom({ allow: ['re:o.*'] }, { allow: ['*'], deny: ['*s'] }),
        pipelines: fc.constantFrom(['orders'], ['marts']),
        maxAgeSeconds: fc.constantFrom(60, 86_400),
      },
      { requiredKeys: [] },
    );
    const events = fc
      .record({
        type: fc.constantFrom('s3', 'redshift'),
        schema: fc.constantFrom('marts', 'shop'),
        table: fc.constantFrom('orders', 'order'),
        outcome: fc.constantFrom('SUCCESS', 'LATE'),
        pipeline: fc.constantFrom('orders', 'marts', null),
      })
      .map(event);
    fc.assert(
      fc.property(filters, events, (filter, one) => {
        const now = instantOf(LABEL as Timelabel) + 3_600_000;
        const each = Object.entries(filter).map(([key, value]) => leftOutBy({ [key]: value }, one, now));
        expect(leftOutBy(filter, one, now) === undefined).toBe(each.every((by) => by === undefined));
      }),
    );
  });
});
