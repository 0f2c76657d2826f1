import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mapMessage, type MappedMessage } from '../../pipeline/inbound-mapping.ts';
import { INBOUND_MAPPINGS, type InboundRule, type InboundSource } from '../../pipeline/inbound.ts';
import { readMessage } from '../../pipeline/read-message.ts';

const RATES: InboundRule = {
  dataset: 'lake.partner.rates',
  period: '1d',
  type: 's3',
  schema: 'partner',
  table: 'rates',
  bucket: 'partner-drop',
  key: 'rates/{year}/{month}/{day}/*.csv',
};

function sourceOf(
  mapping: InboundSource['mapping'],
  events: readonly InboundRule[],
  extra: Partial<InboundSource> = {},
): InboundSource {
  return { name: 'partner', kind: 'sqs', queueUrl: 'q', mapping, events, ...extra };
}

function map(source: InboundSource, message: unknown): MappedMessage {
  return mapMessage(source, JSON.stringify(message));
}

function events(mapped: MappedMessage): unknown[] {
  expect(mapped.problems).toEqual([]);
  return mapped.events.map(({ event }) => event);
}

/** A record of a notification (AWS, "Event message structure"); S3 encodes the key as a form does. */
function created(key: string, more: object = {}, eventName = 'ObjectCreated:Put'): object {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    eventTime: '2020-03-04T02:11:09.123Z',
    eventName,
    s3: {
      bucket: { name: 'partner-drop', arn: 'arn:aws:s3:::partner-drop' },
      object: { key, size: 120, eTag: 'd41d', sequencer: '0055AED6DCD90281E5', ...more },
    },
  };
}

describe('notifications of S3', () => {
  const source = sourceOf('s3', [RATES]);

  test('every record becomes an event with its label, address and size', () => {
    const mapped = map(source, {
      Records: [created('rates/2020/03/03/first+file%2B1.csv'), created('rates/2020/02/29/a.csv')],
    });
    expect(events(mapped)).toEqual([
      {
        event_type: 'data',
        type: 's3',
        schema: 'partner',
        table: 'rates',
        dataset: 'lake.partner.rates',
        timelabel: '20200303000000',
        status: 'SUCCESS',
        bytes: 120,
        uri: 's3://partner-drop/rates/2020/03/03/first file+1.csv',
      },
      expect.objectContaining({ timelabel: '20200229000000' }),
    ]);
  });

  test('the same through EventBridge and through a topic of SNS', () => {
    const bridge = {
      version: '0',
      id: '17793124-05d4-b198-2fde-7ededc63b103',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      time: '2020-03-04T02:11:09Z',
      detail: {
        bucket: { name: 'partner-drop' },
        object: { key: 'rates/2020/03/03/a b.csv', size: 5, etag: 'b1', sequencer: '00617F08299329D189' },
      },
    };
    const topic = {
      Type: 'Notification',
      TopicArn: 'arn:aws:sns:eu-central-1:1:drop',
      Message: JSON.stringify({ Records: [created('rates/2020/03/03/a+b.csv')] }),
    };
    for (const message of [bridge, topic])
      expect(events(map(source, message))).toEqual([
        expect.objectContaining({
          timelabel: '20200303000000',
          uri: 's3://partner-drop/rates/2020/03/03/a b.csv',
        }),
      ]);
  });

  test('one bad record keeps none of the others from being an event', () => {
    const mapped = map(source, {
      Records: [
        created('rates/2020/03/03/a.csv'),
        created('rates/2020/02/30/a.csv'),
        created('other.txt'),
        created('rates/2020/03/03/a.csv', {}, 'ObjectRemoved:Delete'),
        created('rates/%zz'),
        null,
      ],
    });
    expect(mapped.events).toHaveLength(1);
    expect(mapped.problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^The S3 event in Records\[4\] lacks/),
      expect.stringMatching(/^The S3 event in Records\[5\] lacks/),
      expect.stringMatching(/no time that is written rates\/\{year\}.* at @\.key in Records\[1\]/),
      expect.stringMatching(/No rule .* ObjectCreated:Put of s3:\/\/partner-drop\/other.txt in Records\[2\]/),
      expect.stringMatching(/No rule of this source fits ObjectRemoved:Delete of .* in Records\[3\]/),
    ]);
  });

  test('what no rule fits is ignored where the source says so, and the test message of S3 always is', () => {
    const ignoring = sourceOf('s3', [RATES], { unmatched: 'ignore' });
    const removed = created('rates/2020/03/03/a.csv', {}, 'ObjectRemoved:Delete');
    expect(map(ignoring, { Records: [created('other.txt'), removed] })).toEqual({
      events: [],
      problems: [],
      ignored: 2,
    });
    expect(map(source, { Service: 'Amazon S3', Event: 's3:TestEvent' })).toMatchObject({
      problems: [],
      ignored: 1,
    });
  });

  test('a notification that S3 repeats has the identity of the first, and a file that is written again has not', () => {
    const identity = (record: object): string | null | undefined =>
      map(source, { Records: [record] }).events[0]?.identity;
    const first = created('rates/2020/03/03/a.csv');
    expect(identity(first)).toEqual(expect.any(String));
    expect(identity({ ...first, eventTime: '2020-03-04T03:00:00.000Z' })).toBe(identity(first));
    expect(identity(created('rates/2020/03/03/a.csv', { sequencer: '0055AED6DCD90281E6' }))).not.toBe(
      identity(first),
    );
  });
});

describe('rules', () => {
  const fares: InboundRule = {
    dataset: 'warehouse.partners.fares',
    period: '1d',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    when: { '$.source': ['acme.fares'], "$['detail-type']": ['Loaded', 'Reloaded'] },
    timelabel: { path: '$.detail.date', format: '{year}-{month}-{day}' },
    status: { path: '$.detail.state', success: ['ok', true], failure: ['failed', 7] },
    rows: '$.detail.rows',
    error: '$.detail.why',
  };
  const bridge = (detail: object, more: object = {}): object => ({
    id: 'e1',
    source: 'acme.fares',
    'detail-type': 'Loaded',
    detail: { date: '2020-03-03', state: 'ok', ...detail },
    ...more,
  });

  test('of EventBridge pick events by their envelope and translate their fields', () => {
    const source = sourceOf('eventbridge', [fares]);
    expect(events(map(source, bridge({ rows: '1204', why: 'ignored' })))).toEqual([
      expect.objectContaining({ timelabel: '20200303000000', status: 'SUCCESS', rows: 1204 }),
    ]);
    expect(events(map(source, bridge({ state: 7, why: 'no file' })))).toEqual([
      expect.objectContaining({ status: 'FAILURE', error: 'no file' }),
    ]);
    for (const [message, reason] of [
      [bridge({}, { source: 'acme.other' }), /No rule of this source fits/],
      [bridge({ state: 'soon' }), /The status at \$\.detail\.state is none of those/],
      [
        bridge({ date: '2020-02-30' }),
        /no time that is written \{year\}-\{month\}-\{day\} at \$\.detail\.date/,
      ],
      [bridge({ date: undefined }), /There is nothing at \$\.detail\.date/],
      [{ ...bridge({}), id: '' }, /no event of EventBridge/],
    ] as const)
      expect(map(source, message).problems).toEqual([
        expect.objectContaining({ reason: expect.stringMatching(reason) }),
      ]);
  });

  test('of plain JSON make an event of each element of a list, with names from the message', () => {
    const rule: InboundRule = {
      type: 'redshift',
      schema: '$.system',
      table: '@.table',
      timelabel: { path: '@.day', format: 'iso' },
      status: '@.status',
      uri: '@.at',
      id: '@.id',
    };
    const source = sourceOf('json', [rule], { each: '$.tables' });
    const message = {
      system: 'partners',
      tables: [
        { table: 'fares', day: '2020-03-03', status: 'SUCCESS', id: 1, at: 's3://a/b' },
        { table: 'tolls', day: '2020-03-03T01:00:00+01:00', status: 'FAILURE', id: 2 },
      ],
    };
    const mapped = map(source, message);
    expect(events(mapped)).toEqual([
      expect.objectContaining({ schema: 'partners', table: 'fares', uri: 's3://a/b' }),
      expect.objectContaining({ table: 'tolls', timelabel: '20200303000000', status: 'FAILURE' }),
    ]);
    expect(map(source, { ...message, sentAt: 'later' }).events.map(({ identity }) => identity)).toEqual(
      mapped.events.map(({ identity }) => identity),
    );
    expect(map(source, { system: 'partners' }).problems).toEqual([
      { field: '', reason: 'There is no list at $.tables in the message.' },
    ]);
  });

  test('a message without rules carries the data event itself', () => {
    const event = { event_type: 'data', table: 'fares' };
    const cloud = { specversion: '1.0', id: '1', source: '/s', type: 't', data: event };
    expect(map(sourceOf('cloudevents', []), [cloud, cloud]).events).toEqual([
      { event, identity: null },
      { event, identity: null },
    ]);
    expect(map(sourceOf('eventbridge', []), bridge({})).events).toMatchObject([{ identity: null }]);
    expect(map(sourceOf('data-event', []), [event, 7]).events).toEqual([
      { event, identity: null },
      { event: 7, identity: null },
    ]);
    expect(map(sourceOf('cloudevents', []), { ...cloud, specversion: '0.3' }).problems).toHaveLength(1);
  });
});

describe('whatever a message is', () => {
  const rule: InboundRule = {
    type: '$.a',
    schema: '@.a',
    table: '$.s3.a[0]',
    timelabel: { path: '$.a', format: 'iso', interval: 'closed' },
    period: '1d',
    status: '$.b',
    rows: '$.a',
    uri: '@.b',
    id: '$.a',
  };
  const name = fc.constantFrom(
    'Records',
    's3',
    'object',
    'key',
    'bucket',
    'name',
    'eventName',
    'detail',
    'a',
    'b',
    'id',
  );
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      fc.constantFrom(
        '',
        '1.0',
        'ObjectCreated:Put',
        '2020-03-03',
        'aws.s3',
        '\u0000\ud800',
        '%zz',
        '__proto__',
      ),
      fc.jsonValue(),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(name, tie('json'), { maxKeys: 6 }),
    ),
  })).json;

  test('it is events, problems with sentences, or ignored; nothing is thrown and nothing vanishes', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(...INBOUND_MAPPINGS), fc.boolean(), (json, mapping, each) => {
        const source = sourceOf(mapping, mapping === 'data-event' ? [] : [rule, RATES], {
          ...(each && mapping !== 's3' ? { each: '$.a' } : {}),
        });
        const mapped = mapMessage(source, JSON.stringify(json));
        for (const { reason } of mapped.problems) expect(reason).toMatch(/^[A-Z].*\.$/s);
        for (const { event } of mapped.events) readMessage(event);
        const isList = Array.isArray(json) || each || mapping === 's3';
        if (!isList) expect(mapped.events.length + mapped.problems.length + mapped.ignored).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  test.each(['', '{', 'null', '[', '"text"', '7', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])(
    'a body that no sender means is no failure of the consumer (%#)',
    (body) => {
      for (const mapping of INBOUND_MAPPINGS) {
        const mapped = mapMessage(sourceOf(mapping, mapping === 'data-event' ? [] : [rule]), body);
        expect(mapped.ignored).toBe(0);
      }
    },
  );
});
