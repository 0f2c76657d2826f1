import { z } from 'zod';
import { EVENT_KINDS, MESSAGE_FORMATS } from '../pipeline/endpoint.ts';
import { OUTCOMES } from '../pipeline/outcome.ts';
import { EVENT_TYPES } from '../pipeline/stage.ts';
import { age, message, name, namePattern, text } from './field.ts';
import { parseAge } from './timeout.ts';

const nameList = z
  .union([
    z.array(namePattern).min(1),
    z.strictObject({
      allow: z.array(namePattern).min(1).optional().describe('One of these must fit the name.'),
      deny: z.array(namePattern).min(1).optional().describe('None of these may fit the name.'),
    }),
  ])
  .describe(
    'Names to allow, or allow and deny. "*" is any text and "?" one character; "re:" begins an expression.',
  );

const filter = {
  events: z
    .array(z.enum(EVENT_KINDS))
    .min(1)
    .optional()
    .describe('Data events, schema changes (metadata), the health of endpoints (endpoint); all when absent.'),
  on: z
    .array(z.enum(OUTCOMES))
    .min(1)
    .optional()
    .describe(
      'Outcomes of data events that are forwarded, SUCCESS and FAILURE with all that belongs to them; all when absent.',
    ),
  types: z.array(z.enum(EVENT_TYPES)).min(1).optional().describe('Types of the events; all when absent.'),
  schemas: nameList.optional().meta({ title: 'Schemas', description: 'Schemas of the datasets.' }),
  tables: nameList.optional().meta({ title: 'Tables', description: 'Tables of the datasets.' }),
  pipelines: z
    .array(name)
    .min(1)
    .optional()
    .describe('Pipelines that made the data; with it, events from outside services are left out.'),
  maxAge: age
    .optional()
    .describe('How far back the start of the timelabel may lie when the event arrives, such as 7d.'),
};

const format = z
  .enum(MESSAGE_FORMATS)
  .optional()
  .describe(
    'data-event, as when absent, cloudevents (CloudEvents 1.0 in structured JSON), or openlineage (OpenLineage events).',
  );
const giveUpAfter = age
  .optional()
  .describe('How long a message is tried before it is a dead letter; 14d when absent.');
/** A claim that ends sooner is taken over from a worker that lives; one that ends later outlives the heartbeat of a publisher. */
const takeOver = age.refine(
  (written) => {
    const seconds = parseAge(written);
    return seconds === undefined || (seconds >= 10 && seconds <= 90);
  },
  {
    error: message('a dead worker is not told from a slow one by this time', 'write 10s to 90s, such as 60s'),
  },
);
const retry = z
  .strictObject({
    first: age
      .optional()
      .describe('Pause after the first attempt, which doubles with each further one; 1s when absent.'),
    longest: age.optional().describe('Longest pause between two attempts; 5m when absent.'),
    takeOver: takeOver
      .optional()
      .describe('After which another worker sends what one that died had in hand; 60s when absent.'),
  })
  .optional()
  .meta({ title: 'Retry', description: 'How a message that cannot be sent is tried again.' });
const health = z
  .strictObject({
    failedCalls: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Calls in a row of which the endpoint takes nothing until it is degraded; 3 when absent.'),
    failingAfter: age
      .optional()
      .describe('Time in which it takes nothing until it is failing; 60s when absent.'),
    lateAfter: age
      .optional()
      .describe('Longest wait of the first message in line until it is degraded; 5m when absent.'),
    wellAfter: age
      .optional()
      .describe('Time without failure, and longest wait, until an ill one is healthy; 60s when absent.'),
  })
  .optional()
  .meta({ title: 'Health', description: 'By what the health of the endpoint is decided.' });

export const ENDPOINT_SCHEMAS = {
  sqs: z.strictObject({
    kind: z.literal('sqs').describe('An Amazon SQS queue, standard or FIFO.'),
    queueUrl: text.describe('URL of the queue, or a reference such as ${env:CUSTOMER_QUEUE_URL}.'),
    region: text
      .optional()
      .describe("AWS region of the queue; that of its URL when absent, else the worker's default."),
    roleArn: text
      .optional()
      .describe('ARN of a role to assume for sending, or a reference such as ${env:CUSTOMER_ROLE_ARN}.'),
    externalId: text.optional().describe('External id that the trust policy of the role asks for.'),
    format,
    giveUpAfter,
    retry,
    health,
    ...filter,
  }),
  webhook: z.strictObject({
    kind: z
      .literal('webhook')
      .describe('An HTTPS address that takes each message in a signed request (Standard Webhooks).'),
    url: text.describe('An https:// URL, or a reference such as ${env:PARTNER_URL}.'),
    secret: text.describe('Reference to the whsec_… secret that signs, such as ${env:PARTNER_SECRET}.'),
    format,
    giveUpAfter,
    retry,
    health,
    ...filter,
  }),
  slack: z.strictObject({
    kind: z
      .literal('slack')
      .describe('A channel of Slack, through an incoming webhook: failures, for people.'),
    url: text.describe('Reference to the address of the incoming webhook, such as ${env:SLACK_URL}.'),
    giveUpAfter,
    retry,
    health,
    ...filter,
    on: filter.on.describe(
      'Outcomes of data events that are forwarded, SUCCESS and FAILURE with all that belongs to them; FAILURE when absent.',
    ),
  }),
} as const;

export const endpointSchema = z
  .discriminatedUnion('kind', [ENDPOINT_SCHEMAS.sqs, ENDPOINT_SCHEMAS.webhook, ENDPOINT_SCHEMAS.slack])
  .meta({ title: 'Endpoint', description: 'Who receives the events.' });
