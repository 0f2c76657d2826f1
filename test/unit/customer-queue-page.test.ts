import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { eventUuid } from '../../activities/event-uuid.ts';
import { roleVariables } from '../../cli/dev/queue-role.ts';
import { inboundProbeText } from '../../cli/inbound-probe-text.ts';
import { probeText } from '../../cli/probe-text.ts';
import {
  assumeStatement,
  keyStatement,
  keyUseStatement,
  policyOf,
  queueStatement,
  userStatement,
  trustStatement,
} from '../../connectors/sqs/access-policies.ts';
import { classifyEntry } from '../../connectors/sqs/failures.ts';
import { explainRefusal } from '../../connectors/sqs/refusal.ts';
import { cloudEvent } from '../../pipeline/cloud-event.ts';
import { openLineageEvent } from '../../pipeline/open-lineage.ts';
import { probeEvent } from '../../pipeline/probe.ts';
import { CHANGED_EVENT, FAILED_EVENT, FAILING_EVENT, LOADED_EVENT } from '../support/sample-events.ts';
import { probeError } from '../../workers/probe-error.ts';
import type { ProbedSource } from '../../workers/probe-inbound.ts';
import { expectBlocks } from '../support/written-page.ts';

const ADDRESS = { account: '444455556666', name: 'reefline-events', region: 'eu-west-1' };
const FARES = { ...ADDRESS, name: 'acme-fares' };
const ASIDE = { ...ADDRESS, name: 'acme-fares-refused' };
const REGION = ADDRESS.region;
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const WORKER = 'arn:aws:iam::111122223333:role/reefline-worker';
const ROLE = 'arn:aws:iam::444455556666:role/reefline-events';
const DENIED = {
  Code: 'AccessDenied',
  Message:
    'User: arn:aws:sts::111122223333:assumed-role/reefline-worker/i-0abc is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:444455556666:reefline-events because no resource-based policy allows the sqs:sendmessage action',
};

describe('the page for customers', () => {
  const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, undefined, 2)}\n\`\`\``;
  const PROBE = probeEvent('customers', 'ada@ops-1', Date.UTC(2020, 2, 3, 13, 5));

  test('shows the policies that a refusal asks for, the messages as they are sent, and the consumer that is tested', () => {
    const refused = classifyEntry(DENIED);
    const text = probeText({
      endpoint: 'customers',
      eventId: PROBE.eventId,
      delivered: false,
      messageId: null,
      queue: { ...ADDRESS, fifo: false },
      roleArn: null,
      error: probeError(
        refused,
        explainRefusal(refused, { address: ADDRESS, region: REGION, role: undefined, use: 'send' }),
      ),
    });
    const consumer = readFileSync(
      new URL('../../examples/customer-queue/consume.ts', import.meta.url),
      'utf8',
    );
    const answered = {
      source: 'acme_fares',
      answers: true,
      roleArn: 'arn:aws:iam::444455556666:role/reefline-fares',
      queues: [
        {
          field: 'queueUrl',
          queue: FARES,
          facts: { waiting: 12, held: 3, visibilitySeconds: 30, maxReceives: 5 },
          error: null,
        },
        {
          field: 'deadLetterQueueUrl',
          queue: ASIDE,
          facts: { waiting: 0, held: 0, visibilitySeconds: 30, maxReceives: null },
          error: null,
        },
      ],
    } satisfies ProbedSource;
    const notRead = classifyEntry({
      ...DENIED,
      Message: DENIED.Message.replaceAll('sqs:sendmessage', 'sqs:getqueueattributes').replace(
        'reefline-events',
        'acme-fares',
      ),
    });
    const unread = inboundProbeText({
      ...answered,
      answers: false,
      roleArn: null,
      queues: [
        {
          field: 'queueUrl',
          queue: FARES,
          facts: null,
          error: probeError(
            notRead,
            explainRefusal(notRead, { address: FARES, region: REGION, role: undefined, use: 'read' }),
          ),
        },
      ],
    });
    expectBlocks('cli.md', {
      'inbound answers': `\`\`\`console\n$ reefline inbound test acme_fares\n${inboundProbeText(answered)}\n\`\`\``,
    });
    expectBlocks('customer-queue.md', {
      'queue policy': json(policyOf(queueStatement(WORKER, ADDRESS, REGION))),
      'sender policy': json(policyOf(userStatement(ADDRESS, REGION))),
      'trust policy': json(policyOf(trustStatement(WORKER, 'acme-7f3a'))),
      'assume policy': json(policyOf(assumeStatement(ROLE))),
      'key statement': json(keyStatement(WORKER, REGION)),
      'key use': json(policyOf(keyUseStatement(KEY))),
      'read policy': json(policyOf(queueStatement(WORKER, FARES, REGION, 'read'))),
      'aside policy': json(policyOf(queueStatement(WORKER, ASIDE, REGION, 'set_aside'))),
      'reader policy': json(
        policyOf(userStatement(FARES, REGION, 'read'), userStatement(ASIDE, REGION, 'set_aside')),
      ),
      'inbound refused': `\`\`\`console\n$ reefline inbound test acme_fares\n${unread}\n\`\`\``,
      refused: `\`\`\`console\n$ reefline endpoint test customers\n${text}\n\`\`\``,
      loaded: json(LOADED_EVENT),
      failed: json(FAILED_EVENT),
      changed: json(CHANGED_EVENT),
      failing: json(FAILING_EVENT),
      'cloud event': json(cloudEvent(LOADED_EVENT, 4711)),
      'openlineage event': json(
        openLineageEvent(
          LOADED_EVENT,
          {
            inputs: [
              {
                dataset: 'lake.shop.orders',
                labels: { first: '20200303110000', last: '20200303110000', count: 1 },
              },
            ],
            period: '1h',
            columns: CHANGED_EVENT.after,
          },
          false,
          eventUuid,
        ),
      ),
      probe: json(PROBE),
      consumer: `\`\`\`ts\n${consumer.trimEnd()}\n\`\`\``,
    });
  });
});

test('on a machine without IAM an endpoint or a source with a role gets one that the local STS takes', () => {
  const endpoint = {
    name: 'c',
    kind: 'sqs',
    queueUrl: 'x',
    roleArn: '${env:R}',
    externalId: '${env:X}',
  } as const;
  expect(roleVariables(endpoint)).toEqual({ R: 'arn:aws:iam::000000000000:role/c', X: 'of_c' });
  expect(roleVariables({ ...endpoint, roleArn: ROLE, externalId: 'acme' })).toEqual({});
});
