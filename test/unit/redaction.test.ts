import { describe, expect, test } from '@jest/globals';
import { toFailure } from '../../activities/to-failure.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Project } from '../../pipeline/project.ts';
import { redactOwn, redactProject, redactFields } from '../../workers/redaction.ts';

const project: Project = {
  connections: {
    shop: { kind: 'postgres', url: '${env:SHOP_URL}' },
    crm: { kind: 'salesforce', loginUrl: 'https://acme', clientId: 'app', privateKey: '${env:CRM_KEY}' },
  },
  endpoints: [],
  datasets: [],
  stages: [],
  pipelines: [],
};

function redacted(text: string, environment: NodeJS.ProcessEnv): string {
  return redactProject(text, project, environment);
}

describe('a text that is about to be stored', () => {
  const environment = {
    SHOP_URL: 'postgres://mover:pa%2Fss$&w"rd@db.acme/shop?sslmode=require&sslpassword=cert%20pass',
    CRM_KEY: String.raw`-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----`,
  };

  test.each([
    ['as it is', environment.SHOP_URL],
    ['the password as it is written', 'pa%2Fss$&w"rd'],
    ['the password as it is meant', 'pa/ss$&w"rd'],
    ['in JSON', String.raw`pa/ss$&w\"rd`],
    ['in a URL', encodeURIComponent('pa/ss$&w"rd')],
    ['in a form', 'pa%2Fss%24%26w%22rd'],
    ['a parameter', 'cert pass'],
  ])('holds no secret: %s', (_how, secret) => {
    expect(redacted(`login "${secret}", please`, environment)).toBe('login "${env:SHOP_URL}", please');
  });

  test('holds no line of a key, and keeps what only tells that it is one', () => {
    const text = 'bad PEM -----BEGIN PRIVATE KEY-----: AQEFAASCBKcwggSjAgEAAoIB';
    expect(redacted(text, environment)).toBe('bad PEM -----BEGIN PRIVATE KEY-----: ${env:CRM_KEY}');
  });

  test('keeps host, database and user, which people need', () => {
    const text = 'database "shop" at db.acme refused "mover" (sslmode=require)';
    expect(redacted(text, environment)).toBe(text);
  });

  test('keeps words that contain a short secret, and passwords that are the name of the user', () => {
    expect(redacted('oncall oncall_2 oncalls', { SHOP_URL: 'postgres://mover:oncall@db/shop' })).toBe(
      '${env:SHOP_URL} oncall_2 oncalls',
    );
    expect(redacted('kind postgres', { SHOP_URL: 'postgres://postgres:postgres@db/shop' })).toBe(
      'kind postgres',
    );
  });

  test('holds nothing that the worker itself was given, nor the password of an address that no parser takes', () => {
    const own = {
      REEFLINE_CATALOG_URL: 'postgres://reefline:open-sesame@[',
      TEMPORAL_API_KEY: 'key-of-temporal',
    };
    expect(redactOwn('open-sesame key-of-temporal', own)).toBe(
      '${env:REEFLINE_CATALOG_URL} ${env:TEMPORAL_API_KEY}',
    );
  });

  test('holds no address of a queue, nor the path of it, when it was given by reference', () => {
    const url = 'https://sqs.eu-west-1.amazonaws.com/123456789012/customer';
    const endpoint = { name: 'customers', kind: 'sqs', queueUrl: '${env:QUEUE}' } as const;
    const text = `NoSuchQueue: ${url}; /123456789012/customer`;
    expect(redactFields(text, endpoint, { QUEUE: url })).toBe('NoSuchQueue: ${env:QUEUE}; ${env:QUEUE}');
    expect(redactFields(text, { ...endpoint, queueUrl: url }, { QUEUE: url })).toBe(text);
    const inbound = { queueUrl: 'https://sqs/1/in', deadLetterQueueUrl: '${env:QUEUE}' };
    expect(redactFields(text, inbound, { QUEUE: url })).toBe('NoSuchQueue: ${env:QUEUE}; ${env:QUEUE}');
  });
});

test('a failure is redacted in its message, its facts, and the causes of an unexpected one with their stacks', () => {
  const redact = (text: string): string => text.replaceAll('hunter2', '***');
  const known = new StageFailure('rejected', 'hunter2', { facts: { user: 'hunter2', line: 2, at: null } });
  expect(toFailure(known, redact)).toMatchObject({
    message: '***',
    details: [{ user: '***', line: 2, at: null }],
  });
  const deep = new TypeError('fetch hunter2 failed', { cause: new Error('no route to hunter2') });
  const { message, cause } = toFailure(deep, redact);
  const inner = cause?.cause as Error;
  expect([message, cause?.name, cause?.message, inner.message]).toEqual([
    'fetch *** failed',
    'TypeError',
    'fetch *** failed',
    'no route to ***',
  ]);
  expect(`${String(cause?.stack)} ${String(inner.stack)}`).not.toContain('hunter2');
});
