import { z } from 'zod';
import { PLAIN_KINDS } from '../pipeline/column.ts';
import {
  MAX_ERROR_TEXT,
  SCHEMA_CHANGES,
  type DataEvent,
  type EndpointEvent,
  type MetadataEvent,
} from '../pipeline/data-event.ts';
import { ENDPOINT_HEALTHS } from '../pipeline/endpoint-health.ts';
import { FAILURE_CLASSES } from '../pipeline/failure.ts';
import type { SentEvent } from '../pipeline/fit-message.ts';
import { OUTCOMES, statusOf } from '../pipeline/outcome.ts';
import { EVENT_TYPES, type DataStatus } from '../pipeline/stage.ts';

/*
 * Data events, metadata events and endpoint events as receivers read them. The schemas are published (schema/): they name what is always there
 * and leave room for new fields, which receivers ignore.
 */

const text = z.string().min(1);
const count = z.int().min(0).nullable();

export const timelabel = z
  .string()
  .regex(/^[1-9][0-9]{3}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9]00$/)
  .meta({
    description: 'YYYYMMDDHHmm00, UTC: the start of the interval that the batch covers.',
    examples: ['20200303112000'],
  });

export const time = z
  .string()
  .regex(
    /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]:[0-9]{3} \+00:00$/,
  )
  .meta({ examples: ['2020-03-03 11:25:47:445 +00:00'] });

/** Fields by which both kinds of events say what they are about. */
const identity = {
  type: z.enum(EVENT_TYPES).describe('Kind of system that holds the data.'),
  schema: text.describe('Schema of the dataset.'),
  table: text.describe('Table of the dataset.'),
  timelabel,
  eventId: text.max(500).describe('The same whenever the event is sent.'),
  dataset: text.regex(/^[^.]+\.[^.]+\.[^.]+$/).meta({
    description: '<connection>.<schema>.<table>',
    examples: ['warehouse.analytics.orders'],
  }),
  revision: z.int().min(1).describe('1, 2, 3 …: how often the label was made so far; the highest counts.'),
  pipeline: text.nullable().describe('Pipeline whose stage reported it; null for outside services.'),
  stage: text.nullable().describe('<pipeline>.<name> of the stage; null for outside services.'),
  runId: text.nullable().describe('Temporal run id of the execution that made the data.'),
} as const;

const omitted = z
  .array(text)
  .min(1)
  .optional()
  .describe('Fields that are empty here because the message would be too long; the event log has them.');

const error = z
  .object({
    class: z.string().meta({
      description: 'Class of the failure; outside services may have others.',
      examples: [...FAILURE_CLASSES],
    }),
    message: z.string().max(MAX_ERROR_TEXT).describe('What happened and what can be done, for people.'),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.null()]))
      .describe('Particulars such as a column or a statement id.'),
  })
  .nullable()
  .describe('What went wrong, when something did.');

const check = z.object({
  name: z.string().describe('Name of the assertion.'),
  severity: z.enum(['error', 'warn']).describe('A violated warn does not fail the check.'),
  violations: z.int().min(0).describe('Rows that violate the assertion.'),
  sample: z.array(z.string()).describe('A few of these rows, for people.'),
});

const missing = z.object({ dataset: z.string(), timelabel: z.string() });

/** What a message says beside its event and not in it. */
type InTransport = 'traceparent' | 'tracestate';

/** An event's documented `status` follows from its outcome. */
const outcomesOf = (status: DataStatus): object => ({
  properties: { outcome: { enum: OUTCOMES.filter((outcome) => statusOf(outcome) === status) } },
});
const STATUS_RULE = {
  if: { properties: { status: { const: 'SUCCESS' } } },
  then: outcomesOf('SUCCESS'),
  else: outcomesOf('FAILURE'),
};

const { type, schema, table, timelabel: label, ...ours } = identity;

const DATA_FIELDS = {
  event_type: z.literal('data'),
  type,
  schema,
  table,
  timelabel: label,
  status: z.enum(['SUCCESS', 'FAILURE']).describe('Whether the data of the label is there.'),
  startTime: time.describe('When the work began.'),
  updateTime: time.describe('When the data last changed.'),
  endTime: time.describe('When the work ended.'),
  ...ours,
  causedBy: z.array(z.string()).describe('Ids of the events that it was made from.'),
  rows: count.describe('Rows of the batch, where they are known.'),
  bytes: count.describe('Bytes of the batch, where they are known.'),
  uri: text.nullable().describe('Where the batch is, such as its manifest.'),
  error,
  configVersion: count.describe('Version of the configuration that it was made with.'),
  outcome: z.enum(OUTCOMES).describe('How the label came out, finer than status.'),
  propagates: z.literal(false).optional().describe('The event starts no dependents.'),
  backfill: text.optional().describe('Id of the backfill that it is part of.'),
  missing: z.array(missing).optional().describe('Labels of inputs that were not there.'),
  checks: z.array(check).optional().describe('What each assertion of a check found.'),
  omitted,
} satisfies Record<Exclude<keyof DataEvent | keyof SentEvent, InTransport>, z.ZodType>;

export const dataEventSchema = z.object(DATA_FIELDS).meta(STATUS_RULE);

const columns = z.array(
  z.object({
    name: text,
    type: z.discriminatedUnion('kind', [
      z.object({ kind: z.enum(PLAIN_KINDS) }),
      z.object({
        kind: z.literal('decimal'),
        precision: z.int().min(0).max(99),
        scale: z.int().min(0).max(99),
      }),
      z.object({ kind: z.literal('timestamp'), zoned: z.boolean().describe('true: an instant.') }),
    ]),
    nullable: z.boolean(),
  }),
);

const METADATA_FIELDS = {
  event_type: z.literal('metadata'),
  change: z.enum(SCHEMA_CHANGES).describe('What changed.'),
  before: columns.describe('The columns before; none of a table that was added.'),
  after: columns.describe('The columns now.'),
  ...identity,
  time: time.describe('When the change was seen or made.'),
  omitted,
} satisfies Record<Exclude<keyof MetadataEvent | 'omitted', InTransport>, z.ZodType>;

export const metadataEventSchema = z.object(METADATA_FIELDS);

const health = z.enum(ENDPOINT_HEALTHS);

const ENDPOINT_FIELDS = {
  event_type: z.literal('endpoint'),
  endpoint: text.describe('The endpoint whose health changed; it is another one than that of the receiver.'),
  health: health.describe('How it fares now.'),
  previous: health.describe('How it fared before.'),
  reason: text.max(MAX_ERROR_TEXT).describe('Why it changed, for people.'),
  time: time.describe('When it changed.'),
  error: error.describe('The last error, when it is degraded or failing because messages are refused.'),
  oldestUnsentSeconds: count.describe('For how long the first message in line has been owed.'),
  eventId: identity.eventId,
  dataset: text.regex(/^reefline\.endpoint\.[^.]+$/).describe('reefline.endpoint.<endpoint>: no data.'),
  timelabel: timelabel.describe('The minute in which it changed.'),
  revision: z.int().min(1).describe('1, 2, 3 …: the n-th change of this endpoint.'),
  pipeline: z.null(),
  stage: z.null(),
} satisfies Record<keyof EndpointEvent, z.ZodType>;

export const endpointEventSchema = z.object(ENDPOINT_FIELDS);
