import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { parseAllowedReceivers, PUBLIC_ONLY } from '../../connectors/webhook/allowed-receivers.ts';
import { postTo, waitOf } from '../../connectors/webhook/post.ts';
import { createWebhook } from '../../connectors/webhook/send.ts';
import { readSecrets, signature, webhookId } from '../../connectors/webhook/signature.ts';
import type { OutgoingMessage, SendResults } from '../../pipeline/outgoing.ts';
import { addressProblem } from '../../pipeline/webhook-address.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'geheim').toString('base64')}`;
const NEXT_SECRET = `whsec_${Buffer.alloc(24, 'neuer').toString('base64')}`;
const HERE = parseAllowedReceivers('127.0.0.1');
const FOREVER = new AbortController().signal;

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(async () => {
  await receiver.close();
});

function message(id: string, group = 'a.b.c'): OutgoingMessage {
  return { id, group, body: JSON.stringify({ eventId: id, text: 'ä' }), attributes: {} };
}

const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function send(
  messages: readonly OutgoingMessage[],
  { secret = SECRET, url = `${receiver.url}/hook?key=geheim`, time = FOREVER, allowed = HERE } = {},
): Promise<SendResults> {
  return createWebhook({ url, secret, contentType: 'application/json', allowed }).send(messages, time);
}

function status(
  code: number,
  headers: Record<string, string> = {},
): (_: unknown, to: ServerResponse) => void {
  return (_, response) => response.writeHead(code, headers).end('geheim');
}

const bodies = (): string[] =>
  receiver.requests.map(({ body }) => (JSON.parse(body) as { eventId: string }).eventId);

describe('a webhook', () => {
  test('gets each message in a request of its own, which the library of the convention accepts', async () => {
    const ids = ['p.hourly/20200303080000/r1', 'outside/ünïcode 1.%2E\n', 'x.1700000000.{"a":1}'];
    const results = await send(ids.map((id) => message(id)));
    expect([...results.values()]).toEqual(ids.map((id) => ({ id, messageId: null, error: null })));
    expect(receiver.requests).toHaveLength(3);
    for (const [at, { path, headers, body }] of receiver.requests.entries()) {
      expect(path).toBe('/hook?key=geheim');
      expect(headers['content-type']).toBe('application/json');
      const named = String(headers['webhook-id']);
      expect(named).not.toContain('.');
      expect(decodeURIComponent(named)).toBe(ids[at]);
      const given = headers as Record<string, string>;
      expect(new Webhook(SECRET).verify(body, given)).toMatchObject({ eventId: ids[at] });
      expect(() => new Webhook(NEXT_SECRET).verify(body, given)).toThrow(/signature/);
      expect(() => new Webhook(SECRET).verify(`${body} `, given)).toThrow(/signature/);
      expect(() => new Webhook(SECRET).verify(body, { ...given, 'webhook-id': 'x' })).toThrow(/signature/);
    }
  });

  test('that changes its secret can check with the old one and with the new one', async () => {
    await send([message('e1')], { secret: `${SECRET} ${NEXT_SECRET}` });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    expect(headers).not.toHaveProperty('traceparent');
    for (const secret of [SECRET, NEXT_SECRET])
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeDefined();
  });

  test('gets the context of the trace in the header of W3C', async () => {
    await send([
      { ...message('e1'), attributes: { eventId: 'e1', traceparent: CONTEXT, tracestate: 'rojo=1' } },
    ]);
    expect(receiver.requests[0]?.headers).toMatchObject({ traceparent: CONTEXT, tracestate: 'rojo=1' });
  });

  test('gets the messages of one group one after the other, and no more than eight at once', async () => {
    const messages = Array.from({ length: 60 }, (_, at) =>
      message(`e${String(at)}`, `a.b.t${String(at % 20)}`),
    );
    receiver.answer = (_, response) => setTimeout(() => response.end(), Math.random() * 4);
    expect((await send(messages)).size).toBe(60);
    expect(receiver.mostAtOnce).toBeGreaterThan(1);
    expect(receiver.mostAtOnce).toBeLessThanOrEqual(8);
    for (let group = 0; group < 20; group += 1) {
      const numbers = bodies().map((id) => Number(id.slice(1)));
      expect(numbers.filter((each) => each % 20 === group)).toEqual([group, group + 20, group + 40]);
    }
  });

  test('that refuses one message gets the others', async () => {
    receiver.answer = (request, response) =>
      response.writeHead(request.body.includes('e2') ? 422 : 204).end();
    const results = await send(['e1', 'e2', 'e3'].map((id) => message(id)));
    expect(results.get('e1')?.error).toBeNull();
    expect(results.get('e2')?.error?.failureClass).toBe('rejected');
    expect(results.get('e3')?.error).toBeNull();
  });

  test('that is away is not asked about the rest, which is owed as before', async () => {
    receiver.answer = status(503, { 'retry-after': '7' });
    const results = await send(Array.from({ length: 100 }, (_, at) => message(`e${String(at)}`)));
    expect([...results.values()]).toMatchObject([
      { id: 'e0', retryAfter: 7, error: { failureClass: 'unavailable' } },
    ]);
    expect(receiver.requests).toHaveLength(1);
  });

  test('gets nothing more when the time is over', async () => {
    const time = AbortSignal.abort();
    expect((await send([message('e1')], { time })).size).toBe(0);
    expect(receiver.requests).toEqual([]);
  });

  test.each([
    [200, undefined, false],
    [202, undefined, false],
    [301, 'invalid_config', false],
    [307, 'invalid_config', false],
    [400, 'rejected', false],
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'not_found', false],
    [408, 'timeout', false],
    [410, 'not_found', true],
    [413, 'rejected', false],
    [425, 'unavailable', false],
    [429, 'throttled', false],
    [500, 'unavailable', false],
    [503, 'unavailable', false],
    [504, 'timeout', false],
  ])('that answers %i means %s, and no redirect is followed', async (code, failureClass, final) => {
    receiver.answer = status(code, { location: `${receiver.url}/elsewhere` });
    const result = (await send([message('e1')])).get('e1');
    expect(result?.error?.failureClass).toBe(failureClass);
    expect(result?.final === true).toBe(final);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/hook?key=geheim']);
    if (failureClass !== undefined) expect(result?.error?.message).toContain(`answered ${String(code)}`);
    expect(JSON.stringify(result)).not.toMatch(/geheim|whsec/);
  });

  test('that breaks off, is silent, or is not there has a class, and no text tells its address or secret', async () => {
    receiver.answer = (_, response) => response.destroy();
    const broken = (await send([message('e1')])).get('e1');
    expect(broken?.error).toMatchObject({ failureClass: 'unavailable' });
    receiver.answer = () => undefined;
    const url = new URL(`${receiver.url}/hook?key=geheim`);
    const silent = await postTo(url, HERE)({}, '{}', 50);
    expect(silent.error).toMatchObject({
      failureClass: 'timeout',
      message: expect.stringContaining('0.05 s'),
    });
    await receiver.close();
    const away = (await send([message('e1')])).get('e1');
    expect(away?.error?.message).toBe(`${url.host} cannot be reached (ECONNREFUSED).`);
    expect(JSON.stringify([broken, silent, away])).not.toMatch(/geheim|whsec|hook\?/);
  });

  test('on this machine or in a private network gets nothing before it is allowed, however its address is written', async () => {
    const port = new URL(receiver.url).port;
    const addresses = [
      `http://127.0.0.1:${port}/geheim`,
      `http://localhost:${port}/geheim`,
      `http://0x7f.1:${port}/geheim`,
      `https://2130706433:${port}/geheim`,
      `https://0177.0.0.1:${port}/geheim`,
      `https://[::ffff:127.0.0.1]:${port}/geheim`,
      `https://[::1]:${port}/geheim`,
      'https://169.254.169.254/latest/meta-data/geheim',
    ];
    for (const url of addresses) {
      const result = (await send([message('e1')], { url, allowed: PUBLIC_ONLY })).get('e1');
      expect([url, result?.error?.failureClass]).toEqual([url, 'invalid_config']);
      expect(result?.error?.message).toMatch(/private network.*REEFLINE_WEBHOOK_ALLOW/);
      expect(result?.error?.message).not.toContain('geheim');
    }
    expect(receiver.requests).toEqual([]);
    const byName = { url: `http://localhost:${port}/hook`, allowed: parseAllowedReceivers('localhost') };
    expect((await send([message('e1')], byName)).get('e1')?.error).toBeNull();
  });

  test('that closes a connection just as it is used again gets the message over a new one, once', async () => {
    const post = postTo(new URL(receiver.url), HERE);
    expect((await post({}, '1', 5_000)).error).toBeNull();
    let resets = 0;
    receiver.answer = ({ body }, response) => {
      if (body === '2' && resets++ === 0) response.socket?.resetAndDestroy();
      else response.end('ok');
    };
    expect((await post({}, '2', 5_000)).error).toBeNull();
    expect(resets).toBe(2);
  });

  test('with an endless answer is not listened to for long', async () => {
    receiver.answer = (_, response) => {
      const more = (): boolean => response.write('x'.repeat(10_000), () => response.writable && more());
      more();
    };
    expect((await send([message('e1')])).get('e1')?.error).toBeNull();
  });

  test('whose settings are wrong is not called, and says what to write without telling what is there', async () => {
    const wrong = [
      { url: 'http://example.com/geheim' },
      { secret: 'geheim' },
      { secret: `${SECRET} geheim` },
    ];
    for (const settings of wrong) {
      const result = (await send([message('e1')], settings)).get('e1');
      expect(result?.error?.failureClass).toBe('invalid_config');
      expect(result?.error?.message).toMatch(/^(url|secret): this is no /);
      expect(result?.error?.message).not.toMatch(/geheim/);
    }
    expect(receiver.requests).toEqual([]);
  });
});

describe('a signature', () => {
  test('of any message is accepted by the library of the convention', () => {
    const keys = fc.uint8Array({ minLength: 24, maxLength: 64 });
    const ids = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(keys, ids, fc.json(), (key, eventId, body) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        const id = webhookId(eventId);
        expect(decodeURIComponent(id)).toBe(eventId);
        expect(id).toMatch(/^[\x21-\x7e]+$/);
        const seconds = Math.floor(Date.now() / 1000);
        const headers = {
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': signature(readSecrets(secret) ?? [], id, seconds, body),
        };
        expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
      }),
    );
  });

  test.each([
    '',
    'whsec_',
    'geheim',
    SECRET.slice(0, 20),
    SECRET.slice(6),
    `${SECRET}!`,
    `whsec_${'A'.repeat(88)}`,
  ])('is not made with %j', (secret) => {
    expect(readSecrets(secret)).toBeUndefined();
  });
});

describe('an address', () => {
  test.each([
    ['https://hooks.example.com/a?b=c', undefined],
    ['http://127.0.0.1:8080/a', undefined],
    ['http://localhost/a', undefined],
    ['http://[::1]:8080/a', undefined],
    ['http://hooks.example.com/a', 'this is no https:// URL'],
    ['http://127.0.0.1.example.com/a', 'this is no https:// URL'],
    ['http://10.0.0.1/a', 'this is no https:// URL'],
    ['file:///etc/passwd', 'this is no https:// URL'],
    ['https://me:secret@example.com/', 'this URL has credentials in it'],
    ['https://token@example.com/', 'this URL has credentials in it'],
    ['example.com', 'this is no URL'],
  ])('%s: %s', (address, problem) => {
    expect(addressProblem(address)?.problem).toBe(problem);
  });
});

test('a Retry-After is seconds or a date, at most an hour, and nonsense is none', () => {
  const now = Date.UTC(2020, 2, 3, 11, 0, 0);
  expect(waitOf('120', now)).toBe(120);
  expect(waitOf('Tue, 03 Mar 2020 11:01:30 GMT', now)).toBe(90);
  expect(waitOf('Tue, 03 Mar 2020 10:00:00 GMT', now)).toBe(0);
  expect(waitOf('999999', now)).toBe(3600);
  expect(waitOf('soon', now)).toBeUndefined();
  expect(waitOf(null, now)).toBeUndefined();
});
