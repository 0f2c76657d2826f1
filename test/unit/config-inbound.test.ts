import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { inboundChecks } from '../../cli/inbound-check.ts';
import { describeProject } from '../../cli/validate-lines.ts';
import { secretReferences } from '../../config/secret-reference.ts';
import { readProject } from '../../config/project.ts';
import { EMPTY_PROJECT, diffProjects, isEmptyDiff } from '../../pipeline/config-diff.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import type { Project } from '../../pipeline/project.ts';
import { readInbound } from '../../workers/read-inbound.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const PAGE = readFileSync(new URL('../../docs/emit.md', import.meta.url), 'utf8');
const SECTION = PAGE.slice(PAGE.indexOf('## Messages in a queue'), PAGE.indexOf('## Ids and duplicates'));

function blocks(language: string): string[] {
  return [...SECTION.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );
}

/** The shop with the example of the page. */
async function readPage(): Promise<Project> {
  const [yaml = ''] = blocks('yaml');
  const settings = (SHOP_PROJECT['reefline.yaml'] ?? '').replace(/^datasets:\n.*\n/m, '');
  const files = { ...SHOP_PROJECT, 'reefline.yaml': `${settings}${yaml}` };
  const reading = await withProject(files, readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  return reading.project;
}

test('the example of the page makes of its message the event that the page shows', async () => {
  const project = await readPage();
  const table = buildRoutingTable(1, project);
  const [files, bus] = project.inbound ?? [];
  if (files === undefined || bus === undefined) throw new Error('The example has two sources.');
  const [message = '', shown = ''] = blocks('json');
  const { events, problems } = readInbound(bus, table, message);
  expect(problems).toEqual([]);
  expect(events).toEqual([
    { ...(JSON.parse(shown) as object), eventId: expect.stringMatching(/^outside\/[0-9a-f]{32}$/) },
  ]);
  expect(readInbound(bus, table, message).events).toEqual(events);
  const key = 'rates/2020/03/03/manifest.json';
  const created = {
    Records: [
      { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'partner-drop' }, object: { key, size: 7 } } },
      { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'partner-drop' }, object: { key: 'x' } } },
    ],
  };
  expect(readInbound(files, table, JSON.stringify(created))).toMatchObject({
    events: [{ dataset: 'lake.partner.rates', timelabel: '20200303000000', bytes: 7 }],
    problems: [],
    ignored: 1,
  });
});

test('an event that a router would reject is a problem of its message, and the others are events', async () => {
  const project = await readPage();
  const table = buildRoutingTable(1, project);
  const source = { name: 'own', kind: 'sqs', queueUrl: 'q', mapping: 'data-event', events: [] } as const;
  const fares = {
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    status: 'SUCCESS',
  };
  const read = readInbound(
    source,
    table,
    JSON.stringify([
      { ...fares, timelabel: '20200303000000' },
      { ...fares, timelabel: '20200303010000' },
      { ...fares, timelabel: '20200303000000', table: 'tolls' },
      { ...fares, timelabel: '20200303000000', error: 'x'.repeat(30_000) },
      '\u0000',
    ]),
  );
  expect(read.events).toHaveLength(1);
  expect(read.problems.map(({ field, reason }) => [field, reason])).toEqual([
    ['timelabel', expect.stringMatching(/not the start of an interval of warehouse\.partners\.fares/)],
    ['table', expect.stringMatching(/No dataset has .*tolls/)],
    ['', expect.stringMatching(/bytes of JSON; at most 20000/)],
    ['', expect.stringMatching(/NUL character|An event is a JSON object/)],
  ]);
});

test('an event is in the trace that it names itself, or its envelope, or its message', async () => {
  const project = await readPage();
  const table = buildRoutingTable(1, project);
  const context = (id: string): string => `00-${id.repeat(32)}-00f067aa0ba902b7-01`;
  const fares = {
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    status: 'SUCCESS',
  };
  const event = { ...fares, timelabel: '20200303000000' };
  const cloud = { specversion: '1.0', id: '1', source: '/fares', type: 'loaded', data: event };
  const topic = { Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: JSON.stringify(event) };
  const attributes = { traceparent: context('a') };
  const read = (
    mapping: 'data-event' | 'cloudevents',
    message: unknown,
    given: Readonly<Record<string, string>> = attributes,
  ): readonly unknown[] => {
    const source = { name: 'own', kind: 'sqs', queueUrl: 'q', mapping, events: [] } as const;
    const { events, problems } = readInbound(source, table, JSON.stringify(message), given);
    expect(problems).toEqual([]);
    return events.map(({ traceparent, tracestate }) =>
      tracestate === undefined ? traceparent : `${traceparent ?? ''} ${tracestate}`,
    );
  };
  expect(read('data-event', event, {})).toEqual([undefined]);
  expect(read('data-event', [event, { ...event, traceparent: context('b') }])).toEqual([
    context('a'),
    context('b'),
  ]);
  expect(read('cloudevents', { ...cloud, traceparent: context('c') })).toEqual([context('c')]);
  expect(read('cloudevents', cloud)).toEqual([context('a')]);
  const named = { Type: 'String', Value: context('d') };
  expect(read('data-event', { ...topic, MessageAttributes: { traceparent: named } })).toEqual([context('d')]);
  // With the one comes what stands beside it, and nothing of another place.
  const [state, other] = [{ tracestate: 'rojo=1' }, { tracestate: 'congo=2' }];
  expect(read('data-event', event, { ...attributes, ...state })).toEqual([`${context('a')} rojo=1`]);
  expect(read('data-event', { ...event, ...other }, { ...attributes, ...state })).toEqual([
    `${context('a')} rojo=1`,
  ]);
  expect(
    read('cloudevents', { ...cloud, traceparent: context('c'), ...other }, { ...attributes, ...state }),
  ).toEqual([`${context('c')} congo=2`]);
  expect(read('cloudevents', { ...cloud, traceparent: context('c') }, { ...attributes, ...state })).toEqual([
    context('c'),
  ]);
  const both = { traceparent: named, tracestate: { Type: 'String', Value: 'congo=2' } };
  expect(read('data-event', { ...topic, MessageAttributes: both })).toEqual([`${context('d')} congo=2`]);
  // What is none is as if it were not there, at each place.
  for (const none of ['', 'nonsense', null, 7, { a: 1 }]) {
    expect(read('cloudevents', { ...cloud, traceparent: none })).toEqual([context('a')]);
    expect(read('data-event', { ...topic, MessageAttributes: { traceparent: none } })).toEqual([
      context('a'),
    ]);
    expect(read('data-event', { ...topic, MessageAttributes: none }, { traceparent: 'x' })).toEqual([
      undefined,
    ]);
  }
});

test('a source is part of the configuration: its references are named, its changes shown, its rules described', async () => {
  const project = await readPage();
  expect(secretReferences(project)).toEqual(
    expect.arrayContaining([
      { name: 'PARTNER_FILES_QUEUE_URL', usedBy: ['inbound.partner_files.queueUrl'] },
      { name: 'PARTNER_FILES_DEAD_URL', usedBy: ['inbound.partner_files.deadLetterQueueUrl'] },
    ]),
  );
  expect(diffProjects(EMPTY_PROJECT, project).inbound.added).toEqual(['partner_files', 'partner_bus']);
  const { inbound: _inbound, ...without } = project;
  expect(isEmptyDiff(diffProjects(without, project))).toBe(false);
  expect(isEmptyDiff(diffProjects(without, { ...without, inbound: [] }))).toBe(true);
  expect(describeProject(project)).toContain(
    'inbound\n  partner_files  s3 -> lake.partner.rates\n  partner_bus  eventbridge -> warehouse.partners.fares\n',
  );
});

test('doctor names the sources that fail or that nobody asks, and says nothing where there is none', () => {
  const now = Date.UTC(2020, 2, 3, 12);
  const well = {
    name: 'bus',
    lastPollAt: new Date(now - 20_000),
    lastMessageAt: null,
    lastEventAt: null,
    lagSeconds: 0,
    accepted: 0,
    rejected: 0,
    ignored: 0,
    error: null,
    errorAt: null,
  };
  expect(inboundChecks([], now)).toEqual([]);
  expect(inboundChecks([well], now)).toMatchObject([{ ok: true, detail: '1 queue consumed' }]);
  const left = { ...well, name: 'left', lastPollAt: new Date(now - 3_600_000) };
  const fails = { ...well, name: 'fails', error: 'The queue cannot be read: AccessDenied.' };
  const fresh = { ...well, name: 'fresh', lastPollAt: null };
  expect(inboundChecks([well, left, fails, fresh], now)).toMatchObject([
    {
      ok: false,
      detail:
        'left was last asked for messages 1 h 00 m ago; fails fails: The queue cannot be read: AccessDenied; fresh was never asked for messages',
      cure: expect.stringContaining('start workers'),
    },
  ]);
});
