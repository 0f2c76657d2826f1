import { z } from 'zod';
import { TIME_INTERVALS, TIME_WRITINGS } from '../pipeline/foreign-label.ts';
import { INBOUND_MAPPINGS, UNMATCHED } from '../pipeline/inbound.ts';
import { looksLikePath, parsePath } from '../pipeline/message-path.ts';
import { parseTextFormat } from '../pipeline/text-format.ts';
import { dataset, eventsPerSecond, message, region, text, whole } from './field.ts';

/*
 * The grammar of `inbound:` in reefline.yaml. The types in pipeline/inbound.ts are what it yields, through
 * config/inbound-source.ts.
 */

const PATH_CURE =
  "write it like $.detail.date, $['any name'] or @.files[0]; @ is the part that the event is made of";

function isFormat(format: string): boolean {
  return TIME_WRITINGS.some((writing) => writing === format) || !('problem' in parseTextFormat(format));
}

const path = z
  .string()
  .refine((value) => parsePath(value) !== undefined, { error: message('this is no path', PATH_CURE) })
  .meta({ examples: ['$.detail.date', "$['detail-type']"] });

const value = text
  .refine((given) => !looksLikePath(given) || parsePath(given) !== undefined, {
    error: message('this is no path', PATH_CURE),
  })
  .meta({ examples: ['fares', '$.detail.table'] });

const textFormat = text.max(500, message('this is longer than 500 characters', 'shorten it'));

const keyFormat = textFormat.refine((format) => !('problem' in parseTextFormat(format)), {
  error: ({ input }) => formatMessage(String(input)),
});

function formatMessage(format: string): string {
  const read = parseTextFormat(format);
  return message(
    `this is no format of a time: ${'problem' in read ? read.problem : ''}`,
    'write {year}, {month}, {day}, {hour}, {minute} or {timelabel} where digits stand, * and ** where anything does',
  );
}

const scalars = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
]);

export const timelabelSchema = z.strictObject({
  path: path.describe('Where the time stands.'),
  format: textFormat
    .refine(isFormat, { error: ({ input }) => formatMessage(String(input)) })
    .optional()
    .describe(
      'How it is written: iso, epoch_seconds, epoch_milliseconds, or a text such as {year}-{month}-{day}; {timelabel} when absent.',
    ),
  interval: z
    .enum(TIME_INTERVALS)
    .optional()
    .describe(
      'Which interval the time means: holding, the one that it lies in, or closed, the last one that ended before. Absent, the time is the start of the interval.',
    ),
});

export const statusSchema = z.strictObject({
  path: path.describe('Where the status stands.'),
  success: scalars.describe('Values that mean SUCCESS.'),
  failure: scalars.optional().describe('Values that mean FAILURE.'),
});

export const inboundRuleSchema = z
  .strictObject({
    dataset: dataset.optional().describe('Id of an outside dataset of this file.'),
    type: value.optional().describe('Type of the event, or a path to it, when dataset is absent.'),
    schema: value.optional().describe('Schema, or a path to it, when dataset is absent.'),
    table: value.optional().describe('Table, or a path to it, when dataset is absent.'),
    when: z
      .record(path, scalars)
      .optional()
      .describe('Paths and the values that they must hold, one or a list of them, for the rule to fit.'),
    bucket: text.optional().describe('Of mapping s3: name of the bucket; any when absent.'),
    key: keyFormat
      .optional()
      .describe('Of mapping s3: format of the key, such as rates/{year}/{month}/{day}/*.csv.'),
    timelabel: z
      .union([path, timelabelSchema])
      .optional()
      .describe('Path to the timelabel, or where and how a time is written. Not with a key that holds it.'),
    status: z
      .union([value, statusSchema])
      .optional()
      .describe('SUCCESS or FAILURE, a path to one of them, or foreign values; SUCCESS when absent.'),
    rows: path.optional().describe('Path to the number of rows.'),
    bytes: path.optional().describe('Path to the number of bytes.'),
    uri: value.optional().describe('Address of the data, or a path to it.'),
    error: path.optional().describe('Path to the text that says why it failed.'),
    id: path
      .optional()
      .describe(
        'Path to what tells one event from another; the id of the envelope, else the message, when absent.',
      ),
  })
  .meta({ title: 'Rule', description: 'How a part of a foreign message becomes a data event.' });

export const inboundSchema = z
  .strictObject({
    kind: z.literal('sqs').describe('An Amazon SQS queue, standard or FIFO.'),
    queueUrl: text.describe('URL of the queue, or a reference such as ${env:PARTNER_QUEUE_URL}.'),
    region,
    roleArn: text
      .optional()
      .describe('ARN of a role to assume for the queues, or a reference such as ${env:PARTNER_ROLE_ARN}.'),
    externalId: text.optional().describe('External id that the trust policy of the role asks for.'),
    deadLetterQueueUrl: text
      .optional()
      .describe('URL of the queue for messages that cannot be taken; they are removed when absent.'),
    maxMessageBytes: whole(1_000, 1_048_576, 'bytes')
      .optional()
      .describe('Largest message that is taken, in bytes; 262144 when absent.'),
    maxEvents: whole(1, 10_000, 'events')
      .optional()
      .describe('Most events that one message may bring; 1000 when absent.'),
    maxEventsPerSecond: eventsPerSecond
      .optional()
      .describe(
        'Most events a second that all workers together take; what comes faster waits in the queue. 500 when absent.',
      ),
    mapping: z
      .enum(INBOUND_MAPPINGS)
      .describe(
        'What the messages are: data events, notifications of S3, EventBridge events, CloudEvents 1.0, or any JSON.',
      ),
    each: path.optional().describe('Path to a list whose elements are an event each.'),
    unmatched: z
      .enum(UNMATCHED)
      .optional()
      .describe('What becomes of what no rule fits: reject, as when absent, or ignore.'),
    events: z
      .array(inboundRuleSchema)
      .min(1)
      .max(500)
      .optional()
      .describe('The first rule that fits makes the event.'),
  })
  .meta({ title: 'Inbound source', description: 'A queue whose messages become data events.' });
