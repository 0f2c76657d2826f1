import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllowedReceivers } from '../../connectors/webhook/allowed-receivers.ts';
import { createSlack } from '../../connectors/webhook/slack.ts';
import type { DataEvent, MetadataEvent } from '../../pipeline/data-event.ts';
import type { OutgoingMessage, SendResults } from '../../pipeline/outgoing.ts';
import { slackText } from '../../pipeline/slack-text.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { EVENT } from '../support/sample-event.ts';

const FOREVER = new AbortController().signal;

let receiver: Receiver;
let waits: number[];

beforeEach(async () => {
  receiver = await startReceiver();
  waits = [];
});

afterEach(async () => {
  await receiver.close();
});

/** Waits are noted and not waited for. */
function send(count: number, url = `${receiver.url}/services/T/B/geheim`): Promise<SendResults> {
  const messages = Array.from({ length: count }, (_, at): OutgoingMessage => {
    const id = `e${String(at)}`;
    return { id, group: 'a.b.c', body: `*FAILURE* ${id}\nmore of ${id}`, attributes: {} };
  });
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
  };
  return createSlack({ url, allowed: parseAllowedReceivers('127.0.0.1') }, wait).send(messages, FOREVER);
}

const texts = (): string[] =>
  receiver.requests.map(({ body }) => (JSON.parse(body) as { text: string }).text);
const errorsOf = (results: SendResults): (string | undefined)[] =>
  [...results.values()].map(({ error }) => error?.failureClass);

describe('a channel', () => {
  test('gets up to ten messages one by one, in their order and with a pause after each', async () => {
    expect(errorsOf(await send(10))).toEqual(Array.from({ length: 10 }, () => undefined));
    expect(texts()).toEqual(
      Array.from({ length: 10 }, (_, at) => `*FAILURE* e${String(at)}\nmore of e${String(at)}`),
    );
    expect(receiver.mostAtOnce).toBe(1);
    expect(waits.length).toBeLessThanOrEqual(9);
    expect(waits.length).toBeGreaterThan(0);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(1_000);
  });

  test('gets more than ten together, in messages that say how many and name each', async () => {
    expect((await send(45)).size).toBe(45);
    expect(texts().map((text) => text.split('\n')[0])).toEqual(
      [20, 20, 5].map((count) => `*${String(count)} events* in one message, because many wait:`),
    );
    const named = texts().flatMap((text) =>
      [...text.matchAll(/^• \*FAILURE\* (e\d+)$/gm)].map(([, id]) => id),
    );
    expect(named).toEqual(Array.from({ length: 45 }, (_, at) => `e${String(at)}`));
    expect(texts()[0]).toContain('`reefline why &lt;dataset&gt; &lt;label&gt;`');
  });

  test('that refuses some together gets each alone, and only the bad one is refused', async () => {
    receiver.answer = ({ body }, response) =>
      response.writeHead(/e7\b/.test(body) ? 400 : 200).end('invalid_payload');
    const results = await send(21);
    expect(results.size).toBe(21);
    for (const [id, { error }] of results)
      expect(error?.failureClass).toBe(id === 'e7' ? 'rejected' : undefined);
    expect(results.get('e7')?.error?.message).toMatch(/Slack says invalid_payload\.$/);
  });

  test('that asks for a pause gets nothing more: what was not sent is owed as before', async () => {
    receiver.answer = (_, response) => response.writeHead(429, { 'retry-after': '30' }).end('rate_limited');
    const results = await send(45);
    expect(errorsOf(results)).toEqual(Array.from({ length: 20 }, () => 'throttled'));
    expect(results.get('e0')?.retryAfter).toBe(30);
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([
    [403, 'invalid_token', 'unauthorized'],
    [404, 'no_service', 'not_found'],
    [410, 'channel_is_archived', 'not_found'],
    [500, '<html>geheim', 'unavailable'],
  ])(
    'that answers %i %s is tried again, and no text tells its address',
    async (status, word, failureClass) => {
      receiver.answer = (_, response) => response.writeHead(status).end(word);
      const [result] = (await send(1)).values();
      expect(result?.error?.failureClass).toBe(failureClass);
      expect(result?.final).toBeUndefined();
      expect(result?.error?.message.includes(word)).toBe(!word.includes('<'));
      expect(JSON.stringify(result)).not.toMatch(/geheim|services/);
    },
  );

  test('without TLS is not called', async () => {
    expect(errorsOf(await send(1, 'http://hooks.example.com/geheim'))).toEqual(['invalid_config']);
  });
});

const FAILED: DataEvent = {
  ...EVENT,
  status: 'FAILURE',
  rows: null,
  error: { class: 'data_error', message: 'Line 7: "<!channel> R&D" is no number.', facts: {} },
  outcome: 'FAILURE',
};

describe('a message for people', () => {
  test('says what failed, its label, why, and the command that tells more; what Slack would read is escaped', () => {
    expect(slackText(FAILED)).toBe(
      [
        '*FAILURE* `warehouse.analytics.orders` 20200303110000 (data_error)',
        'stage `orders.load_orders`, revision 2',
        '```Line 7: "&lt;!channel&gt; R&amp;D" is no number.```',
        '`reefline why warehouse.analytics.orders 20200303110000`',
      ].join('\n'),
    );
  });

  test('says in its first line when it is sent once more', () => {
    const [line, ...others] = slackText(FAILED, true).split('\n');
    expect(line).toBe('*FAILURE* `warehouse.analytics.orders` 20200303110000 (data_error) (sent once more)');
    expect(others).toEqual(slackText(FAILED).split('\n').slice(1));
  });

  test('cuts a long error before it is escaped, and no backtick of it ends the block', () => {
    const error = { class: 'rejected', message: '```' + '<'.repeat(5_000), facts: {} };
    const [, shown = ''] = /^```([^`]*)```$/m.exec(slackText({ ...FAILED, error })) ?? [];
    expect(shown).toBe("'''" + '&lt;'.repeat(497) + '…');
  });

  test('names what is not there, at most ten of it', () => {
    const missing = Array.from({ length: 13 }, (_, at) => ({
      dataset: `a.b.t${String(at)}`,
      timelabel: '20200303000000',
    }));
    const text = slackText({ ...FAILED, outcome: 'MISSING', error: null, missing, stage: null });
    expect(text).toContain(
      '*MISSING* `warehouse.analytics.orders` 20200303110000\nreported by an outside service',
    );
    expect(text).toContain('not there: a.b.t9 20200303000000\nand 3 more```');
  });

  test('of a schema change says which columns, and the command for their history', () => {
    const column = (name: string, kind: 'int64' | 'bool') =>
      ({ name, type: { kind }, nullable: true }) as MetadataEvent['after'][number];
    const change: MetadataEvent = {
      event_type: 'metadata',
      change: 'COLUMN_ADDED',
      before: [column('id', 'int64'), column('old', 'int64')],
      after: [column('id', 'bool'), column('new', 'int64')],
      type: 'redshift',
      schema: 'analytics',
      table: 'orders',
      timelabel: '20200303110000',
      eventId: 'x',
      dataset: 'warehouse.analytics.orders',
      revision: 2,
      pipeline: null,
      stage: null,
      runId: null,
      time: '',
    };
    expect(slackText(change).split('\n')).toEqual([
      '*COLUMN_ADDED* `warehouse.analytics.orders` 20200303110000',
      expect.stringMatching(/^```~ id \w+ -&gt; \w+$/),
      expect.stringMatching(/^\+ new \w+$/),
      '- old```',
      '`reefline schema history warehouse.analytics.orders`',
    ]);
  });
});
