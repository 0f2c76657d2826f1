import { describe, expect, test } from '@jest/globals';
import {
  assumeStatement,
  keyStatement,
  keyUseStatement,
  queueStatement,
  userStatement,
  trustStatement,
} from '../../connectors/sqs/access-policies.ts';
import { classifyEntry, classifySqs } from '../../connectors/sqs/failures.ts';
import { parseQueueUrl } from '../../connectors/sqs/queue-address.ts';
import { explainRefusal, type Refusal, type QueueAsked } from '../../connectors/sqs/refusal.ts';
import type { SqsEndpoint } from '../../pipeline/endpoint.ts';
import type { SendError } from '../../pipeline/outgoing.ts';
import { openQueue, queueAccess, type QueueAccess } from '../../workers/queue-access.ts';
import { resolveFields } from '../../workers/secrets.ts';

const URL_OF_QUEUE = 'https://sqs.eu-west-1.amazonaws.com/444455556666/reefline-events';
const ADDRESS = { account: '444455556666', name: 'reefline-events', region: 'eu-west-1' };
const ARN = 'arn:aws:sqs:eu-west-1:444455556666:reefline-events';
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const WORKER = 'arn:aws:iam::111122223333:role/reefline-worker';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/reefline-worker/i-0abc';
const ROLE = 'arn:aws:iam::444455556666:role/reefline-events';

const SENDING: QueueAsked = { address: ADDRESS, region: 'eu-west-1', role: undefined, use: 'send' };
const AS_ROLE: QueueAsked = { ...SENDING, role: { arn: ROLE, externalId: 'acme-7f3a', sessionName: 's' } };

function denied(action: string, resource: string, rest = '', who = SESSION): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource}${rest}`;
}

function failure(code: string, text: string): SendError {
  return classifyEntry({ Code: code, Message: text, SenderFault: true });
}

function explain(code: string, text: string, sending = SENDING): Refusal {
  return explainRefusal(failure(code, text), sending);
}

const wheres = ({ missing }: Refusal): string[] => missing.map(({ where }) => where);

describe('a refusal', () => {
  const SEND = denied('sqs:sendmessage', ARN);
  const QUEUE = 'the policy of the queue reefline-events, in account 444455556666';
  const IAM = `an IAM policy of ${WORKER}`;

  test('names the policy that AWS names, with the statement to add and a principal that a policy takes', () => {
    const ofQueue = explain(
      'AccessDenied',
      `${SEND} because no resource-based policy allows the sqs:sendmessage action`,
    );
    expect(ofQueue.missing).toEqual([
      { where: QUEUE, statement: queueStatement(WORKER, ADDRESS, 'eu-west-1') },
    ]);
    expect(ofQueue.missing[0]?.statement).toMatchObject({ Principal: { AWS: WORKER }, Resource: ARN });
    const ofSender = explain(
      'AccessDenied',
      `${SEND} because no identity-based policy allows the sqs:sendmessage action`,
    );
    expect(ofSender.missing).toEqual([{ where: IAM, statement: userStatement(ADDRESS, 'eu-west-1') }]);
  });

  test('names both policies between accounts, and either within one, when AWS names none', () => {
    expect(wheres(explain('AccessDenied', SEND))).toEqual([QUEUE, IAM]);
    expect(explain('AccessDenied', SEND).what).toContain('another account, so both');
    const within = explain('AccessDeniedException', denied('sqs:sendmessage', ARN, '', ROLE));
    expect(within.what).toContain('one of these two statements is enough');
    const silent = explain('AccessDenied', `Access to the resource ${URL_OF_QUEUE} is denied.`);
    expect(silent.missing[0]?.statement).toMatchObject({
      Principal: { AWS: expect.stringContaining('<ARN') },
    });
    expect(explain('AccessDenied', 'Access is denied.', AS_ROLE).what).toContain(`${ROLE} may not send`);
  });

  test('of a queue that is read names what reading takes, and that of one for dead letters what setting aside takes', () => {
    const text = `${denied('sqs:getqueueattributes', ARN)} because no resource-based policy allows the sqs:getqueueattributes action`;
    const read = explain('AccessDenied', text, { ...SENDING, use: 'read' });
    expect(read.what).toBe(
      `The policy of queue reefline-events of account 444455556666 in eu-west-1 does not let ${WORKER} read it.`,
    );
    expect(read.missing[0]?.statement).toMatchObject({
      Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    });
    const aside = explain('AccessDenied', SEND, { ...SENDING, use: 'set_aside' });
    expect(aside.missing.map(({ statement }) => statement.Action)).toEqual([
      ['sqs:SendMessage', 'sqs:GetQueueAttributes'],
      ['sqs:SendMessage', 'sqs:GetQueueAttributes'],
    ]);
    const wrong = { ...SENDING, region: 'us-east-1', use: 'read' } as const;
    expect(explain('QueueDoesNotExist', 'x', wrong).cure).toContain('Remove region: from the source');
  });

  test.each([
    ['because no service control policy allows the sqs:sendmessage action', /its service control policy/],
    ['because no VPC endpoint policy allows the sqs:sendmessage action', /its VPC endpoint policy/],
    ['because no permissions boundary allows the sqs:sendmessage action', /its permissions boundary/],
    ['with an explicit deny in a service control policy', /explicit deny .*\(service control\)/],
    [
      'with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/x',
      /explicit deny .*\(identity-based\)/,
    ],
    ['with an explicit deny in a resource-based policy', /explicit deny .*\(resource-based\)/],
  ])('that no further Allow would mend proposes none: %s', (reason, what) => {
    const refusal = explain('AccessDenied', `${SEND} ${reason}`);
    expect(refusal.what).toMatch(what);
    expect(refusal.missing).toEqual([]);
  });

  test('of a role to assume names trust policy and IAM policy, and says what was said of the external id', () => {
    const text = denied('sts:AssumeRole', ROLE);
    const both = explain('AccessDenied', text, AS_ROLE);
    expect(both.missing).toEqual([
      { where: `the trust policy of ${ROLE}`, statement: trustStatement(WORKER, 'acme-7f3a') },
      { where: IAM, statement: assumeStatement(ROLE) },
    ]);
    expect(explain('AccessDenied', text, { ...AS_ROLE, role: { arn: ROLE, sessionName: 's' } }).what).toMatch(
      /No external id was said/,
    );
    const iam = `${text} because no identity-based policy allows the sts:AssumeRole action`;
    expect(wheres(explain('AccessDenied', iam, AS_ROLE))).toEqual([IAM]);
    const trust = `${text} because no role trust policy allows the sts:AssumeRole action`;
    expect(wheres(explain('AccessDenied', trust, AS_ROLE))).toEqual([`the trust policy of ${ROLE}`]);
  });

  test('of the key of an encrypted queue names key policy and IAM policy, in calls and in entries of a batch', () => {
    const text = denied(
      'kms:GenerateDataKey',
      KEY,
      ' because no resource-based policy allows the kms:GenerateDataKey action (Service: AWSKMS; Status Code: 400)',
    );
    for (const code of ['KmsAccessDenied', 'KMS.AccessDeniedException']) {
      expect(explain(code, text).missing).toEqual([
        { where: 'the policy of the KMS key of the queue', statement: keyStatement(WORKER, 'eu-west-1') },
      ]);
      expect(failure(code, text).failureClass).toBe('unauthorized');
    }
    const iam = text.replace('resource-based', 'identity-based');
    expect(explain('KmsAccessDenied', iam).missing).toEqual([
      { where: IAM, statement: keyUseStatement(KEY) },
    ]);
    const silent =
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';
    expect(explain('KmsAccessDenied', silent).missing).toHaveLength(2);
  });

  test.each([
    ['QueueDoesNotExist', 'not_found', /no queue reefline-events of account 444455556666 in eu-west-1/],
    ['AWS.SimpleQueueService.NonExistentQueue', 'not_found', /no queue reefline-events/],
    ['KmsDisabled', 'invalid_config', /is disabled/],
    ['KMS.DisabledException', 'invalid_config', /is disabled/],
    ['KMS.NotFoundException', 'invalid_config', /does not exist/],
    ['KmsInvalidState', 'invalid_config', /pending deletion/],
    ['KmsInvalidKeyUsage', 'invalid_config', /not for encryption/],
    ['InvalidClientTokenId', 'unauthorized', /does not accept the credentials/],
    ['ExpiredToken', 'unauthorized', /does not accept the credentials/],
    ['CredentialsProviderError', 'unauthorized', /found no credentials/],
    ['RequestThrottled', 'throttled', /did not take the message: RequestThrottled: so/],
    ['InvalidParameterValue', 'rejected', /did not take the message: InvalidParameterValue: so/],
  ] as const)('by the name %s is of the class %s', (code, failureClass, what) => {
    expect(failure(code, 'so').failureClass).toBe(failureClass);
    expect(explain(code, 'so').what).toMatch(what);
  });

  test('from the wrong region says which region the URL names, whatever SQS said', () => {
    const { what, cure } = explain('QueueDoesNotExist', 'x', { ...SENDING, region: 'us-east-1' });
    expect(what).toBe(
      'The queue is in the region eu-west-1, as its URL says, and region us-east-1 was asked.',
    );
    expect(cure).toContain('write eu-west-1');
  });

  test('is never taken for one of the message when its owner can mend it, so that nothing is a dead letter at once', () => {
    const named = (name: string): string =>
      classifySqs(Object.assign(new Error('x'), { name, $metadata: { httpStatusCode: 403 } })).failureClass;
    for (const name of [
      'AccessDenied',
      'KmsAccessDenied',
      'UnrecognizedClientException',
      'ExpiredTokenException',
      'KmsDisabled',
      'InvalidSecurity',
    ])
      expect([name, named(name)]).not.toEqual([name, 'rejected']);
    expect(named('SomethingElse')).toBe('rejected');
    expect(classifySqs(new TypeError('fetch failed')).failureClass).toBe('unavailable');
    expect(classifyEntry(undefined)).toMatchObject({
      failureClass: 'unavailable',
      message: 'no answer for this entry',
    });
  });
});

function resolveQueue(endpoint: SqsEndpoint, environment: NodeJS.ProcessEnv): QueueAccess {
  return queueAccess(resolveFields(endpoint, environment));
}

describe('the queue of an endpoint', () => {
  test.each([
    [URL_OF_QUEUE, 'eu-west-1'],
    ['https://sqs-fips.us-gov-west-1.amazonaws.com/444455556666/reefline-events', 'us-gov-west-1'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/444455556666/reefline-events', 'cn-north-1'],
    ['https://vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com/444455556666/reefline-events', 'eu-west-1'],
    ['https://eu-west-1.queue.amazonaws.com/444455556666/reefline-events', 'eu-west-1'],
    ['https://queue.amazonaws.com/444455556666/reefline-events', 'us-east-1'],
    ['http://127.0.0.1:4566/444455556666/reefline-events', null],
  ])('is in the region that its URL names: %s', async (queueUrl, region) => {
    expect(parseQueueUrl(queueUrl)).toEqual({ ...ADDRESS, region });
    const resolved = resolveQueue({ name: 'a', kind: 'sqs', queueUrl: '${env:Q}' }, { Q: queueUrl });
    expect(resolved.region).toBe(region ?? undefined);
    if (region === null) return;
    const { client } = openQueue(resolved);
    expect(await client.config.region()).toBe(region);
    client.destroy();
    expect(resolveQueue({ name: 'a', kind: 'sqs', queueUrl, region: 'us-east-2' }, {}).region).toBe(
      'us-east-2',
    );
  });

  test.each([
    'reefline-events',
    ARN,
    'https://sqs.eu-west-1.amazonaws.com/reefline-events',
    'https://sqs.eu-west-1.amazonaws.com/12/q',
  ])('is not read from what is no queue URL: %s', (text) => {
    expect(parseQueueUrl(text)).toBeUndefined();
  });

  test('is asked under a session name that STS takes, however long the name of the endpoint is', () => {
    const name = `a${'b'.repeat(59)}`;
    const { role } = resolveQueue(
      { name, kind: 'sqs', queueUrl: URL_OF_QUEUE, roleArn: '${env:R}', externalId: '${env:X}' },
      { R: ROLE, X: 'acme' },
    );
    expect(role).toEqual({ arn: ROLE, externalId: 'acme', sessionName: `reefline-${name}`.slice(0, 64) });
    expect(() =>
      resolveQueue({ name, kind: 'sqs', queueUrl: URL_OF_QUEUE, roleArn: '${env:R}' }, {}),
    ).toThrow(/variable R is not set/);
  });
});
