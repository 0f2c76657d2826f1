import { at, type BrokenProject, SETTINGS } from './broken-project.ts';

const CUSTOMERS = 'customers: { kind: sqs, queueUrl: "${env:CUSTOMER_QUEUE_URL}"';

/** Endpoints whose filters cannot be what was meant. */
export const ENDPOINTS: readonly BrokenProject[] = [
  {
    name: 'filters and times of an endpoint that mean nothing',
    edits: [
      [
        SETTINGS,
        CUSTOMERS,
        `${CUSTOMERS}, schemas: ["re:(a"], tables: { deny: ["re:(a)\\\\1"], alow: [x] }, maxAge: 7y, types: [mysql], retry: { first: soon, takeOver: 2s }, health: { failedCalls: 0 }`,
      ],
    ],
    expected: [
      at(SETTINGS, 8, 'endpoints.customers.schemas.0', /no regular expression: .*missing closing/, /RE2/),
      at(SETTINGS, 8, 'endpoints.customers.tables.deny.0', /no regular expression/, /no back-references/),
      at(SETTINGS, 8, 'endpoints.customers.tables.alow', /not known/, /allow/),
      at(SETTINGS, 8, 'endpoints.customers.maxAge', /no age/, /12h or 7d/),
      at(SETTINGS, 8, 'endpoints.customers.types.0', /not known/, /redshift/),
      at(SETTINGS, 8, 'endpoints.customers.retry.first', /no age/, /12h or 7d/),
      at(SETTINGS, 8, 'endpoints.customers.retry.takeOver', /dead worker/, /10s to 90s/),
      at(SETTINGS, 8, 'endpoints.customers.health.failedCalls', /./, /1/),
    ],
  },
  {
    name: 'filters of an endpoint that let nothing pass',
    edits: [[SETTINGS, CUSTOMERS, `${CUSTOMERS}, pipelines: [order], events: [metadata], on: [FAILURE]`]],
    expected: [
      at(SETTINGS, 8, 'endpoints.customers.pipelines.0', /pipeline order is not known/, /orders/),
      at(SETTINGS, 8, 'endpoints.customers.on', /schema changes have no outcome/, /remove on/),
    ],
  },
  {
    name: 'webhooks with addresses and secrets that cannot be',
    edits: [
      [
        SETTINGS,
        `${CUSTOMERS} }`,
        [
          'a: { kind: webhook, url: "http://hooks.example.com/in", secret: "whsec_Z2VoZWlt" }',
          'b: { kind: webhook, url: "https://me@hooks.example.com/in", secret: "${env:B}", queueUrl: x }',
          'c: { kind: webhook, url: "https://hooks.example.com/in" }',
          'd: { kind: webhok, url: "${env:D}" }',
          'e: { kind: webhook, url: "https://me@hooks.example.com/in", secret: "${env:B}" }',
          'f: { url: "${env:F}" }',
          'g: { kind: slack, url: "https://hooks.slack.com/services/T/B/x" }',
          'h: { kind: slack, url: "${env:H}", format: cloudevents }',
          'i: { kind: webhook, url: "${env:I}", secret: "${env:I}", format: openlinage }',
        ].join('\n  '),
      ],
    ],
    expected: [
      at(SETTINGS, 8, 'endpoints.a.url', /no https:\/\/ URL/, /https:\/\/hooks\.example\.com/),
      at(SETTINGS, 8, 'endpoints.a.secret', /secret in plain text/, /\$\{env:NAME\}/),
      at(SETTINGS, 9, 'endpoints.b.queueUrl', /not known/, /url/),
      at(SETTINGS, 10, 'endpoints.c.secret', /missing/, /add secret/),
      at(SETTINGS, 11, 'endpoints.d.kind', /kind is not known/, /webhook/),
      at(SETTINGS, 12, 'endpoints.e.url', /credentials/, /signature/),
      at(SETTINGS, 13, 'endpoints.f.kind', /missing/, /sqs, webhook, slack/),
      at(SETTINGS, 14, 'endpoints.g.url', /address of a Slack webhook is a secret/, /\$\{env:NAME\}/),
      at(SETTINGS, 15, 'endpoints.h.format', /not known/, /url/),
      at(SETTINGS, 16, 'endpoints.i.format', /not known/, /openlineage/),
    ],
  },
  {
    name: 'a queue and a role that cannot be what was meant',
    edits: [
      [
        SETTINGS,
        CUSTOMERS,
        `customers: { kind: sqs, queueUrl: "arn:aws:sqs:eu-west-1:444455556666:events", roleArn: "arn:aws:iam::4444:role/events", externalId: "a b" }
  others: { kind: sqs, queueUrl: "\${env:OTHER_QUEUE_URL}", externalId: "acme-7f3a" }
  more: { kind: sqs, queueUrl: "\${env:MORE_QUEUE_URL}"`,
      ],
    ],
    expected: [
      at(SETTINGS, 8, 'endpoints.customers.queueUrl', /no URL of a queue/, /https:\/\/sqs/),
      at(SETTINGS, 8, 'endpoints.customers.roleArn', /no ARN of a role/, /arn:aws:iam::444455556666:role/),
      at(SETTINGS, 8, 'endpoints.customers.externalId', /no external id/, /2 to 1224/),
      at(SETTINGS, 9, 'endpoints.others.externalId', /no role is named/, /add roleArn/),
    ],
  },
];
