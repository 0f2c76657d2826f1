import { at, type BrokenProject, SETTINGS } from './broken-project.ts';

const FARES = '  warehouse.partners.fares: { every: 1d, type: redshift }\n';
const QUEUE = 'kind: sqs, queueUrl: "${env:IN_URL}"';

/** The shop with these lines under `inbound:`, which is line 11. */
function withInbound(...lines: readonly string[]): NonNullable<BrokenProject['edits']> {
  return [[SETTINGS, FARES, `${FARES}inbound:\n${lines.map((line) => `  ${line}\n`).join('')}`]];
}

/** Inbound sources that say too little, too much, or what cannot be. */
export const INBOUND: readonly BrokenProject[] = [
  {
    name: 'an inbound source whose fields are wrong',
    edits: withInbound(
      `a: { kind: sqs, queueUrl: "\${IN_URL}", mapping: s4 }`,
      `b: { ${QUEUE}, mapping: json, each: files, events: [{ dataset: warehouse.partners.fares, timelabel: { path: $.d, format: "{date}", intervall: closed }, statsu: x, rows: 7 }] }`,
    ),
    expected: [
      at(SETTINGS, 12, 'inbound.a.queueUrl', /no reference/, /env:NAME/),
      at(SETTINGS, 12, 'inbound.a.mapping', /not known/, /s3/),
      at(SETTINGS, 13, 'inbound.b.each', /no path/, /\$\.detail\.date/),
      at(SETTINGS, 13, 'inbound.b.events.0.timelabel.format', /\{date\} is no part of a time/, /\{year\}/),
      at(SETTINGS, 13, 'inbound.b.events.0.timelabel.intervall', /not known/, /interval/),
      at(SETTINGS, 13, 'inbound.b.events.0.statsu', /not known/, /status/),
      at(SETTINGS, 13, 'inbound.b.events.0.rows', /a number/, /a text/),
    ],
  },
  {
    name: 'an inbound source that says too little or too much for its mapping',
    edits: withInbound(
      `a: { ${QUEUE}, mapping: data-event, unmatched: ignore }`,
      `b: { kind: sqs, queueUrl: "\${env:B_URL}", mapping: s3 }`,
      `c: { kind: sqs, queueUrl: "\${env:C_URL}", mapping: cloudevents, unmatched: ignore }`,
      `d: { kind: sqs, queueUrl: "\${env:D_URL}", mapping: s3, each: $.Records, events: [{ dataset: warehouse.partners.fares, key: "{year}" }] }`,
    ),
    expected: [
      at(SETTINGS, 12, 'inbound.a.unmatched', /data events already/, /remove it/),
      at(SETTINGS, 13, 'inbound.b.mapping', /nothing says which events/, /add events/),
      at(SETTINGS, 14, 'inbound.c.unmatched', /no rules that could fit/, /remove it/),
      at(SETTINGS, 15, 'inbound.d.each', /taken apart by its Records/, /remove it/),
    ],
  },
  {
    name: 'inbound sources whose queues meet',
    edits: withInbound(
      `a: { ${QUEUE}, mapping: data-event, deadLetterQueueUrl: "\${env:IN_URL}" }`,
      `b: { ${QUEUE}, mapping: data-event }`,
      `c: { kind: sqs, queueUrl: "\${env:CUSTOMER_QUEUE_URL}", mapping: data-event }`,
    ),
    expected: [
      at(SETTINGS, 12, 'inbound.a.deadLetterQueueUrl', /come back for ever/, /another queue/),
      at(SETTINGS, 13, 'inbound.b.queueUrl', /queue of source a/, /its own queue/),
      at(SETTINGS, 14, 'inbound.c.queueUrl', /queue of endpoint customers/, /its own queue/),
    ],
  },
  {
    name: 'an inbound source whose queue, role and limits are none',
    edits: withInbound(
      `a: { kind: sqs, queueUrl: acme-fares, mapping: data-event, roleArn: reefline-fares, externalId: "a b" }`,
      `b: { ${QUEUE}, mapping: data-event, externalId: acme }`,
      `c: { ${QUEUE}, mapping: data-event, maxMessageBytes: 999, maxEvents: 0, maxEventsPerSecond: 20000 }`,
    ),
    expected: [
      at(SETTINGS, 12, 'inbound.a.queueUrl', /no URL of a queue/, /https:/),
      at(SETTINGS, 12, 'inbound.a.roleArn', /no ARN of a role/, /arn:aws:iam/),
      at(SETTINGS, 12, 'inbound.a.externalId', /no external id/, /2 to 1224/),
      at(SETTINGS, 13, 'inbound.b.externalId', /no role is named/, /add roleArn/),
      at(SETTINGS, 14, 'inbound.c.maxMessageBytes', /no number of bytes/, /1000 to 1048576/),
      at(SETTINGS, 14, 'inbound.c.maxEvents', /no number of events/, /1 to 10000/),
      at(SETTINGS, 14, 'inbound.c.maxEventsPerSecond', /no number of events a second/, /1 to 10000/),
    ],
  },
  {
    name: 'rules of an inbound source that make no event',
    edits: withInbound(
      `a: { ${QUEUE}, mapping: json, events: [`,
      '  { dataset: warehouse.partners.fare, timelabel: $.t },',
      '  { schema: $.s, table: fares, timelabel: $.t },',
      '  { type: sqs, schema: s, table: t, timelabel: $.t },',
      '  { dataset: warehouse.partners.fares, table: t, timelabel: $.t },',
      '  { dataset: warehouse.partners.fares },',
      '  { dataset: warehouse.partners.fares, timelabel: $.t, key: "a/*", status: OK },',
      '  { type: s3, schema: s, table: t, timelabel: { path: $.t, format: "*", interval: closed } }] }',
      `b: { kind: sqs, queueUrl: "\${env:B_URL}", mapping: s3, events: [`,
      '  { dataset: warehouse.partners.fares, key: "a/*" },',
      '  { dataset: warehouse.partners.fares, key: "a/{year}", timelabel: "@.eventTime" },',
      '  { dataset: warehouse.partners.fares, key: "b/*", timelabel: { path: "@.t", format: epoch_second } }] }',
    ),
    expected: [
      at(SETTINGS, 13, 'inbound.a.events.0.dataset', /fare is not declared/, /warehouse\.partners\.fares/),
      at(SETTINGS, 14, 'inbound.a.events.1.dataset', /nothing says which dataset/, /type, schema and table/),
      at(SETTINGS, 15, 'inbound.a.events.2.type', /not known/, /s3/),
      at(SETTINGS, 16, 'inbound.a.events.3.table', /says this already/, /remove it/),
      at(SETTINGS, 17, 'inbound.a.events.4.timelabel', /which timelabel/, /the path to it/),
      at(SETTINGS, 18, 'inbound.a.events.5.key', /have no key/, /when/),
      at(SETTINGS, 18, 'inbound.a.events.5.status', /no status/, /SUCCESS/),
      at(SETTINGS, 19, 'inbound.a.events.6.timelabel', /no part of a time/, /\{year\}/),
      at(SETTINGS, 19, 'inbound.a.events.6.timelabel', /needs the period/, /write dataset/),
      at(SETTINGS, 21, 'inbound.b.events.0.timelabel', /which timelabel/, /in key/),
      at(SETTINGS, 22, 'inbound.b.events.1.timelabel', /holds the time already/, /remove it/),
      at(SETTINGS, 23, 'inbound.b.events.2.timelabel', /no part of a time/, /did you mean epoch_seconds/),
    ],
  },
];
