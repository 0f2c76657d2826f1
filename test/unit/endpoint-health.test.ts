import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endpointTest } from '../../activities/owed-endpoints.ts';
import type { EndpointView } from '../../catalog/endpoint-health.ts';
import { endpointChecks, endpointTable, notesOnEndpoints } from '../../cli/endpoint-list-text.ts';
import { cloudEvent } from '../../pipeline/cloud-event.ts';
import { inDocumentedOrder } from '../../pipeline/data-event.ts';
import {
  FAILING_AFTER,
  healthOf,
  ILL_CALLS,
  LATE_AFTER,
  secondsUntilQuiet,
  WELL_AFTER,
  type EndpointFacts,
  type EndpointHealth,
} from '../../pipeline/endpoint-health.ts';
import { slackText } from '../../pipeline/slack-text.ts';
import { FAILING_EVENT } from '../support/sample-events.ts';

const WELL: EndpointFacts = {
  pause: null,
  failedCalls: 0,
  failingSeconds: 0,
  quietSeconds: null,
  oldestSeconds: null,
};

describe('the health of an endpoint', () => {
  const of = (before: EndpointHealth, facts: Partial<EndpointFacts>): string =>
    healthOf(before, { ...WELL, ...facts }).health;

  test('gets worse by calls that took nothing and by messages that wait, and is what a person paused', () => {
    expect(of('healthy', { failedCalls: ILL_CALLS - 1, failingSeconds: 900, quietSeconds: 0 })).toBe(
      'healthy',
    );
    expect(of('healthy', { failedCalls: ILL_CALLS, failingSeconds: 5, quietSeconds: 0 })).toBe('degraded');
    expect(of('healthy', { failedCalls: ILL_CALLS, failingSeconds: FAILING_AFTER, quietSeconds: 0 })).toBe(
      'failing',
    );
    expect(of('healthy', { oldestSeconds: LATE_AFTER })).toBe('healthy');
    expect(of('healthy', { oldestSeconds: LATE_AFTER + 1 })).toBe('degraded');
    const pause = { by: 'ada', reason: 'a move' };
    expect(healthOf('failing', { ...WELL, pause })).toEqual({
      health: 'paused',
      reason: 'ada paused it: a move.',
    });
    expect(of('paused', {})).toBe('healthy');
  });

  test('is decided by the limits that an endpoint sets for itself, and by the usual ones where it sets none', () => {
    const own = { failedCalls: 10, failingSeconds: 600, wellSeconds: 5 };
    const ill = { ...WELL, failedCalls: 9, failingSeconds: 599, quietSeconds: 0 };
    expect(healthOf('healthy', ill, own).health).toBe('healthy');
    expect(healthOf('healthy', { ...ill, failedCalls: 10 }, own).health).toBe('degraded');
    expect(healthOf('healthy', { ...ill, failedCalls: 10, failingSeconds: 600 }, own).health).toBe('failing');
    expect(healthOf('healthy', { ...WELL, oldestSeconds: LATE_AFTER + 1 }, own).health).toBe('degraded');
    const quiet = { ...WELL, quietSeconds: 4 };
    expect(healthOf('failing', quiet, own).health).toBe('failing');
    expect(secondsUntilQuiet('failing', quiet, own)).toBe(1);
    expect(healthOf('failing', { ...quiet, quietSeconds: 5 }, own).health).toBe('healthy');
  });

  test('of a backlog after an outage is degraded until the backlog is nearly sent', () => {
    const quietSeconds = WELL_AFTER;
    expect(of('failing', { quietSeconds, oldestSeconds: 7_200 })).toBe('degraded');
    expect(of('degraded', { quietSeconds, oldestSeconds: WELL_AFTER + 1 })).toBe('degraded');
    expect(of('degraded', { quietSeconds, oldestSeconds: WELL_AFTER })).toBe('healthy');
  });

  test('does not change with each call: a second a call, whatever its calls do, it is told a few times a minute at most', () => {
    const calls = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 80 }), fc.constantFrom('taken', 'refused', 'mixed', 'none')),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(calls, (stretches) => {
        let [health, failedCalls, since, failedAt]: [EndpointHealth, number, number, number | null] = [
          'healthy',
          0,
          0,
          null,
        ];
        const changes: number[] = [];
        let now = 0;
        for (const [length, call] of stretches)
          for (let second = 0; second < length; second += 1) {
            now += 1;
            if (call === 'refused' && (failedCalls += 1) === 1) since = now;
            if (call === 'taken' || call === 'mixed') failedCalls = 0;
            if (call === 'refused' || call === 'mixed') failedAt = now;
            const quietSeconds = failedAt === null ? null : now - failedAt;
            const failingSeconds = failedCalls === 0 ? 0 : now - since;
            const facts = { ...WELL, failedCalls, failingSeconds, quietSeconds };
            const next: EndpointHealth = healthOf(health, facts).health;
            // It is well only after some time without failure, and that time is known beforehand.
            if (next === 'healthy' && health !== 'healthy')
              expect(quietSeconds).toBeGreaterThanOrEqual(WELL_AFTER);
            const wait = secondsUntilQuiet(next, facts);
            if (wait !== null) {
              const later = { ...facts, quietSeconds: (quietSeconds ?? 0) + wait };
              expect(healthOf(next, later).health).toBe('healthy');
            }
            if (next !== health) changes.push(now);
            health = next;
          }
        for (const at of changes)
          expect(changes.filter((each) => each >= at && each < at + WELL_AFTER).length).toBeLessThanOrEqual(
            3,
          );
      }),
    );
  });
});

test('the event of a change reaches everybody but its endpoint and those who choose data by what it is of', () => {
  const leftOutBy = (name: string, filter: object = {}): string | undefined =>
    endpointTest({ name, kind: 'sqs', queueUrl: 'q', ...filter })(FAILING_EVENT, Date.now());
  expect(leftOutBy('customers')).toBeUndefined();
  expect(leftOutBy('partner')).toBe('itself');
  expect(leftOutBy('partner', { events: ['endpoint'] })).toBe('itself');
  expect(leftOutBy('customers', { events: ['data', 'metadata'] })).toBe('events');
  expect(
    leftOutBy('customers', { on: ['SUCCESS'], maxAgeSeconds: 60, tables: { deny: ['*'] } }),
  ).toBeUndefined();
  for (const [field, value] of [
    ['types', ['s3']],
    ['schemas', { allow: ['*'] }],
    ['tables', { allow: ['*'] }],
    ['pipelines', ['orders']],
  ] as const)
    expect(leftOutBy('customers', { [field]: value })).toBe(field);
  const channel = { name: 'channel', kind: 'slack', url: 'x' } as const;
  expect(endpointTest(channel)(FAILING_EVENT, Date.now())).toBeUndefined();
});

test('the event of a change is written in every format', () => {
  expect(cloudEvent(FAILING_EVENT, 7)).toMatchObject({
    id: 'endpoint/partner/2',
    source: '/endpoints/partner',
    type: 'reefline.endpoint.failing.v1',
    subject: 'reefline.endpoint.partner/20200303121400',
    time: '2020-03-03T12:14:09.120Z',
    dataschema: 'urn:reefline:schema:endpoint-event:1',
  });
  expect(slackText(FAILING_EVENT).split('\n')).toEqual([
    '*FAILING* endpoint `partner`, was degraded (unavailable)',
    'It took nothing of 8 calls in 61 s.',
    '```POST https://hooks.example.com/reefline answered 503.```',
    '`reefline deliveries list --endpoint partner`',
  ]);
  const shuffled = Object.fromEntries(Object.entries(FAILING_EVENT).reverse()) as typeof FAILING_EVENT;
  expect(Object.keys(inDocumentedOrder(shuffled)).slice(0, 4)).toEqual([
    'event_type',
    'endpoint',
    'health',
    'previous',
  ]);
});

test('doctor finds endpoints that take nothing, notes those that are late or paused, and the table says why', () => {
  const now = Date.UTC(2020, 2, 3, 12, 14);
  const view = (name: string, health: EndpointHealth, fields: Partial<EndpointView> = {}): EndpointView => ({
    ...{ name, kind: 'sqs', active: true, health, since: new Date(now - 65_000), owed: 0, dead: 0 },
    ...{ oldestSeconds: null, lastSuccessAt: null, lastFailureAt: null, errorClass: null, lastError: null },
    ...{ pausedBy: null, pauseReason: null, ...fields },
  });
  const error = { errorClass: 'unauthorized', lastError: 'no access.' };
  const all = [
    view('audit', 'healthy', error),
    view('customers', 'failing', { ...error, owed: 2, oldestSeconds: 62 }),
    view('partner', 'paused', { pausedBy: 'ada', pauseReason: 'a move' }),
    view('gone', 'failing', { ...error, active: false, owed: 1 }),
  ];
  expect(endpointChecks([])).toEqual([]);
  expect(endpointChecks(all)).toMatchObject([
    {
      ok: false,
      detail: 'customers takes nothing: unauthorized: no access.',
      cure: 'have its owner mend what the error names; try it with: reefline endpoint test customers',
    },
  ]);
  expect(endpointChecks(all.filter(({ health }) => health !== 'failing'))).toMatchObject([
    { ok: true, detail: '1 healthy, 1 paused' },
  ]);
  expect(notesOnEndpoints(all, now)).toEqual([
    'The endpoint partner has been paused for 1 m 05 s (ada: a move). See it with: reefline endpoint list',
  ]);
  const screen = { columns: undefined, paint: (_: unknown, text: string) => text, now: () => now };
  const lines = endpointTable(screen, all).split('\n');
  expect(lines[1]).toMatch(/^audit +sqs +healthy +0 +0 +never +never$/);
  expect(lines[2]).toMatch(
    /^customers +sqs +failing +2 +1 m 02 s +0 +never +never +unauthorized: no access\.$/,
  );
  expect(lines[4]).toMatch(/not in the configuration any more; unauthorized: no access\.$/);
});
