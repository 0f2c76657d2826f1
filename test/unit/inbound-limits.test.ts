import { expect, test } from '@jest/globals';
import { readMessages } from '../../activities/read-messages.ts';
import type { InboundSource } from '../../pipeline/inbound.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import { MOST_MESSAGE_BYTES } from '../../pipeline/signal-size.ts';
import { readInbound } from '../../workers/read-inbound.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const SOURCE: InboundSource = { name: 'drop', kind: 'sqs', queueUrl: 'q', mapping: 'data-event', events: [] };
const TABLE = buildRoutingTable(1, projectOf([{ name: 'priced', period: '1d', reads: [OUTSIDE] }]));

const fare = (day: number, more: object = {}): object => ({
  event_type: 'data',
  type: 'redshift',
  schema: 'partners',
  table: 'fares',
  timelabel: `202003${String(day).padStart(2, '0')}000000`,
  status: 'SUCCESS',
  ...more,
});

test('a message that is too long, or brings too many events, is refused whole with the limit that it broke', () => {
  const read = (message: unknown, extra: Partial<InboundSource> = {}): unknown =>
    readInbound({ ...SOURCE, ...extra }, TABLE, JSON.stringify(message));
  const two = [fare(3), fare(4)];
  const bytes = Buffer.byteLength(JSON.stringify(two));
  const refused = (reason: string): object => ({ events: [], problems: [{ field: '', reason }], ignored: 0 });
  expect(read(two, { maxMessageBytes: bytes, maxEvents: 2 })).toMatchObject({ problems: [], events: two });
  expect(read(two, { maxMessageBytes: bytes - 1 })).toEqual(
    refused(
      `The message has ${String(bytes)} bytes; at most ${String(bytes - 1)} are taken (maxMessageBytes).`,
    ),
  );
  expect(read(two, { maxEvents: 1 })).toEqual(
    refused('The message brings 2 events; at most 1 are taken (maxEvents).'),
  );
  expect(read(Array.from({ length: 1_001 }, () => 0))).toEqual(
    refused('The message brings 1001 events; at most 1000 are taken (maxEvents).'),
  );
  expect(read('€'.repeat(100_000))).toEqual(
    refused('The message has 300002 bytes; at most 262144 are taken (maxMessageBytes).'),
  );
});

test('an event by signal has the same limit, in bytes, and what is refused is kept with the reason', () => {
  const room = MOST_MESSAGE_BYTES - Buffer.byteLength(JSON.stringify(fare(3, { note: '' })));
  const fits = fare(3, { note: 'x'.repeat(room) });
  const euros = fare(4, { note: '€'.repeat(100_000) });
  const { arrivals, rejections } = readMessages(TABLE, [
    fits,
    fare(5, { note: 'x'.repeat(room + 1) }),
    euros,
  ]);
  expect(arrivals.map(({ incoming }) => incoming.timelabel)).toEqual(['20200303000000']);
  expect(rejections.map(({ reason }) => reason)).toEqual([
    'The event has 262145 bytes of JSON; at most 262144 are taken.',
    expect.stringMatching(/^The event has 300\d{3} bytes of JSON/),
  ]);
});
