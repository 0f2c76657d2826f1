import { z } from 'zod';
import { dataset, instant, message, name, period, text, timeout } from './field.ts';

/* The grammar of pipelines/*.yaml: one schema per kind of stage, chosen by the key that names the kind. */

const cron = text.describe('Five fields, in UTC: minute, hour, day of month, month, day of week.');

export const boundedScheduleSchema = z
  .strictObject({
    cron,
    from: instant.optional().describe('First instant at which the schedule may tick.'),
    until: instant.optional().describe('Last instant at which the schedule may tick.'),
  })
  .meta({
    title: 'Bounded schedule',
    description: 'A schedule with a beginning or an end, for historical sources.',
  });

const schedule = z.union([cron, boundedScheduleSchema]).meta({
  title: 'Schedule',
  description: 'When a clock starts the stage: a cron text, or one with bounds.',
});

export const inputSchema = z
  .strictObject({
    window: z
      .enum(['same', 'all', 'as_of'])
      .optional()
      .describe(
        'Which labels make a run complete: the same, all inside the interval, or the newest at or before it.',
      ),
    on: z
      .array(z.enum(['SUCCESS', 'FAILURE']))
      .min(1)
      .optional()
      .describe('Which outcomes of the input count; SUCCESS when absent.'),
  })
  .meta({ title: 'Input', description: 'Overrides the defaults of one input.' });

const common = {
  timeout: timeout.optional().describe('Time that one attempt may take; 1h when absent.'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('How often a retryable failure is tried; 5 when absent.'),
};
const derived = {
  ...common,
  every: period
    .optional()
    .describe('Length of the interval that one run covers, when the inputs do not say it.'),
  inputs: z
    .record(dataset, inputSchema)
    .optional()
    .meta({ title: 'Inputs', description: 'Overrides for single inputs, by dataset.' }),
};
const key = z
  .array(text)
  .min(1)
  .refine((columns) => new Set(columns).size === columns.length, {
    error: message('a column stands twice in this key', 'name each column once'),
  });
const mode = z
  .enum(['append', 'replace', 'merge'])
  .describe('append: add the rows of the label; replace: the whole table; merge: update and insert by key.');

export const STAGE_SCHEMAS = {
  extract: z
    .strictObject({
      extract: dataset.describe('The table to read, in a postgres connection.'),
      to: dataset.describe('The staged dataset to write, in an s3 connection.'),
      mode: z
        .enum(['snapshot', 'incremental_append'])
        .describe('The whole table, or the rows whose cursor lies in the interval.'),
      cursor: text
        .optional()
        .describe('incremental_append: the timestamp or date column that places a row in an interval.'),
      schedule,
      ...common,
    })
    .meta({ title: 'Extract', description: 'Reads a table and stages it as files with a manifest.' }),
  register: z
    .strictObject({
      register: dataset.describe('The staged dataset.'),
      to: dataset.describe('The table to keep, in a glue connection.'),
      ...derived,
    })
    .meta({ title: 'Register', description: 'Keeps a table and its partitions in the Glue Data Catalog.' }),
  load: z
    .strictObject({
      load: dataset.describe('The staged dataset.'),
      to: dataset.describe('The table to load, in a redshift connection.'),
      mode,
      key: key.optional().describe('merge: the columns that identify a row.'),
      ...derived,
    })
    .meta({ title: 'Load', description: 'Copies staged files into a warehouse table.' }),
  transform: z
    .strictObject({
      transform: text.describe('The file with one SELECT, relative to the project.'),
      to: dataset.describe('The table to write, in a redshift connection.'),
      mode,
      key: key.optional().describe('merge: the columns that identify a row.'),
      schedule: schedule.optional(),
      static: z
        .array(text)
        .optional()
        .describe(
          'Tables (schema.table) that the SELECT reads and that never change, so nobody waits for them.',
        ),
      ...derived,
    })
    .meta({
      title: 'Transform',
      description: 'Writes the result of a SELECT. Its inputs are read from the SQL.',
    }),
  publish: z
    .strictObject({
      publish: dataset.describe('The warehouse table to read, in a redshift connection.'),
      to: dataset.describe('The table to write, in a postgres connection.'),
      key: key.describe('The columns that identify a row: rows are inserted or updated by them.'),
      ...derived,
    })
    .meta({ title: 'Publish', description: 'Writes rows of a warehouse table into a serving table.' }),
} as const;

const { extract, register, load, transform, publish } = STAGE_SCHEMAS;
const anyStage = z
  .union([extract, register, load, transform, publish])
  .meta({ title: 'Stage', description: 'One step.' });

/** The whole grammar, for the JSON Schema. Reading goes stage by stage, so that messages name the kind that was meant. */
export const pipelineSchema = z
  .strictObject({
    pipeline: name.meta({ title: 'Pipeline', description: 'Name of the pipeline, unique in the project.' }),
    stages: z
      .array(z.record(name, anyStage).meta({ minProperties: 1, maxProperties: 1 }))
      .min(1)
      .meta({
        title: 'Stages',
        description: 'Stages in reading order; they run when their inputs are there.',
      }),
  })
  .meta({ title: 'Reefline pipeline', description: 'pipelines/*.yaml: the stages of one pipeline.' });

/** A pipeline file whose stages are not looked into yet. */
export const pipelineFrameSchema = z.strictObject({
  pipeline: name,
  stages: z.array(z.record(name, z.unknown())).min(1, message('the pipeline has no stages', 'add a stage')),
});

export type ExtractFields = z.infer<typeof extract>;
export type RegisterFields = z.infer<typeof register>;
export type LoadFields = z.infer<typeof load>;
export type TransformFields = z.infer<typeof transform>;
export type PublishFields = z.infer<typeof publish>;
export type ScheduleFields = z.infer<typeof schedule>;
export type InputFields = z.infer<typeof inputSchema>;
