import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPayloadCodec } from '../../client/payload-codec.ts';
import { serveCodec, type CodecServer } from '../../workers/codec-server/serve.ts';
import { runReefline } from '../support/cli-terminal.ts';

const UI = 'https://temporal.acme.example';
const TOKEN = 'a-token-of-the-lighthouse';
const KEY = Buffer.alloc(32, 'lighthouse').toString('base64');
const HERE = { host: '127.0.0.1', port: 0 };
const JSON_TYPE = { 'content-type': 'application/json' };
const codec = createPayloadCodec({ keys: { a: Buffer.from(KEY, 'base64') }, encryptWith: 'a' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = { payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64('"lighthouse"') }] };

const said: string[] = [];
let open: CodecServer;
let guarded: CodecServer;

beforeAll(async () => {
  const options = { address: HERE, codec, origins: [UI], say: (line: string) => void said.push(line) };
  open = await serveCodec({ ...options, token: undefined });
  guarded = await serveCodec({ ...options, token: TOKEN });
});

afterAll(async () => {
  await open.close();
  await guarded.close();
});

function ask(server: CodecServer, path: string, init: RequestInit = {}, body?: unknown): Promise<Response> {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return fetch(`${server.url}${path}`, { method: 'POST', headers: JSON_TYPE, ...sent, ...init });
}

describe('a codec server', () => {
  test('encodes and decodes as the Web UI and the CLI of Temporal ask for it', async () => {
    const encoded = (await (await ask(open, '/encode', {}, PLAIN)).json()) as typeof PLAIN;
    expect(JSON.stringify(encoded)).not.toContain(PLAIN.payloads[0]?.data);
    expect(encoded.payloads[0]?.metadata.encoding).toBe(base64('binary/encrypted'));
    const decoded = await ask(open, '/decode', { headers: { ...JSON_TYPE, 'x-namespace': 'n' } }, encoded);
    expect([decoded.status, decoded.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await decoded.json()).toEqual(PLAIN);
  });

  test('leaves what it cannot open, says the id of the key, and decodes the rest', async () => {
    const metadata = { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('lost') };
    const unknown = { metadata, data: base64('whatever') };
    const altered = {
      metadata: { ...metadata, 'encryption-key-id': base64('a') },
      data: base64('whatever'),
    };
    const asked = { payloads: [unknown, ...PLAIN.payloads, altered] };
    expect(await (await ask(open, '/decode', {}, asked)).json()).toEqual(asked);
    expect(said.filter((line) => line.includes('"lost"'))).toHaveLength(1);
    expect(said.join()).not.toContain(KEY);
  });

  test('answers pages of the named Web UI, and no others', async () => {
    const preflight = { method: 'OPTIONS', headers: { origin: UI, 'access-control-request-method': 'POST' } };
    const allowed = await ask(guarded, '/decode', preflight);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-headers': 'authorization, content-type, x-namespace',
      'access-control-allow-methods': 'POST',
      vary: 'origin',
    });
    const answer = await ask(open, '/decode', { headers: { ...JSON_TYPE, origin: UI } }, PLAIN);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, UI]);
    for (const [method, origin, body] of [
      ['OPTIONS', 'https://evil.example', undefined],
      ['POST', 'https://evil.example', PLAIN],
      ['POST', 'null', PLAIN],
    ] as const) {
      const refused = await ask(open, '/decode', { method, headers: { ...JSON_TYPE, origin } }, body);
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
  });

  test('asks for its token', async () => {
    for (const authorization of [undefined, 'Bearer ', `Bearer ${TOKEN}x`, TOKEN, `Basic ${TOKEN}`]) {
      const headers = { ...JSON_TYPE, ...(authorization === undefined ? {} : { authorization }) };
      const refused = await ask(guarded, '/decode', { headers }, PLAIN);
      expect([authorization, refused.status]).toEqual([authorization, 401]);
    }
    const headers = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };
    expect((await ask(guarded, '/decode', { headers }, PLAIN)).status).toBe(200);
  });

  test.each([
    ['another path', 404, '/', {}, PLAIN],
    ['another method', 405, '/decode', { method: 'PUT' }, PLAIN],
    ['to read', 405, '/decode', { method: 'GET' }, undefined],
    ['what a page may send unasked', 415, '/decode', { headers: { 'content-type': 'text/plain' } }, PLAIN],
    ['no JSON', 400, '/decode', {}, '{'],
    ['no payloads', 400, '/decode', {}, { payload: [] }],
    ['payloads of another form', 400, '/decode', {}, { payloads: [{ metadata: { encoding: 1 } }] }],
    ['too much', 413, '/decode', {}, `{"payloads":[],"more":"${'x'.repeat(8 * 1024 * 1024)}"}`],
  ])('refuses %s', async (_what, status, path, init, body) => {
    const answer = await ask(open, path, init, body);
    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([status, ['error']]);
  });
});

describe('reefline codec-server', () => {
  const keys = { K: KEY, REEFLINE_PAYLOAD_KEYS: 'a=${env:K}' };
  const interruption = AbortSignal.abort();

  test('serves until it is interrupted', async () => {
    const argv = ['codec-server', '--listen', '127.0.0.1:0', '--origin', UI];
    const outcome = await runReefline(argv, { env: keys, interruption });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toMatch(
      /^Decodes at http:\/\/127\.0\.0\.1:\d+ for everybody on this machine\.\n$/,
    );
  });

  test.each([
    ['no keys', {}, [], 'REEFLINE_PAYLOAD_KEYS is not set'],
    ['no token where others reach it', keys, ['--listen', '0.0.0.0:0'], 'set REEFLINE_CODEC_TOKEN'],
    ['a short token', { ...keys, REEFLINE_CODEC_TOKEN: 'short' }, [], 'at least 16 characters'],
    ['no address', keys, ['--listen', 'here'], 'is no host:port'],
    ['no origin', keys, ['--origin', 'https://temporal.acme.example/path'], 'is no origin'],
  ])('refuses to start with %s', async (_what, env, options, expected) => {
    const outcome = await runReefline(['codec-server', ...options], { env, interruption });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain(expected);
    expect(outcome.stderr).not.toContain(KEY);
  });
});
