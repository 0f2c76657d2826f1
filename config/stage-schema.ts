import { z } from 'zod';
import { assertionsSchema } from './assertion-schema.ts';
import { SELECTORS } from '../pipeline/outcome.ts';
import { FORMAT_NAMES } from '../pipeline/staged-format.ts';
import {
  dataset,
  deadlineTime,
  instant,
  message,
  name,
  period,
  text,
  timeout,
  timezone,
  window,
} from './field.ts';

/* The grammar of pipelines/*.yaml: one schema per kind of stage, chosen by the key that names the kind. */

const cron = text.describe(
  'Five fields: minute, hour, day of month, month, day of week. In UTC, or in the timezone of the stage.',
);

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
    window: window
      .optional()
      .describe(
        'Which labels make a run complete: the same, all inside the interval, the newest at or before it (as_of), ' +
          'the newest of all (latest), or so many up to the end of the interval (last 7).',
      ),
    on: z
      .array(z.enum(SELECTORS))
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
/** The join of several inputs. */
const when = z
  .union([
    z.enum(['all', 'any']),
    z.strictObject({
      at_least: z.int().min(1).max(1000).describe('So many of the inputs must be complete.'),
    }),
  ])
  .meta({
    title: 'When',
    description: 'How many of the inputs must be complete before a label runs; all when absent.',
  });

export const deadlineSchema = z
  .strictObject({
    after: deadlineTime.describe('Time after the end of the interval.'),
    then: z
      .enum(['wait', 'partial', 'fail'])
      .describe(
        'wait: report that the label is late and wait on; partial: run with what is there; fail: report it as missing.',
      ),
  })
  .meta({
    title: 'Deadline with a consequence',
    description: 'When a label must be complete, and what else.',
  });

const deadline = z.union([deadlineTime, deadlineSchema]).meta({
  title: 'Deadline',
  description:
    'When a label must be complete, such as 2h after its interval; wait when nothing else is said.',
});

const zone = timezone
  .optional()
  .describe(
    'Time zone in which schedule is read, and in which days, weeks and months are cut; UTC when absent.',
  );

const derived = {
  ...common,
  timezone: zone,
  when: when.optional(),
  deadline: deadline.optional(),
  on_unsettled: z
    .enum(['wait', 'run'])
    .optional()
    .describe('What to do when an input was made of data that has newer revisions; wait when absent.'),
  on_restatement: z
    .enum(['rerun', 'cancel'])
    .optional()
    .describe(
      'What to do with a run whose inputs change: finish and run again (rerun, when absent), or cancel it.',
    ),
  max_restated_labels: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Most labels that events may restate within 24 hours; further ones are held until released.'),
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
const columnNames = z
  .array(text)
  .min(1)
  .refine((columns) => new Set(columns).size === columns.length, {
    error: message('a column stands twice in this list', 'name each column once'),
  });
/** Tables that SQL reads and nobody waits for. */
const staticTables = z
  .array(text)
  .optional()
  .describe('Tables (schema.table) that the SELECT reads and that never change, so nobody waits for them.');
const mode = z
  .enum(['append', 'replace', 'merge'])
  .describe('append: add the rows of the label; replace: the whole table; merge: update and insert by key.');

const maxDeleted = (description: string) =>
  z
    .union([
      z.int().min(0).max(1_000_000_000_000),
      z
        .string()
        .regex(
          /^(100|[1-9]?\d)%$/,
          message('this is no percentage', 'write a number of rows, or one such as 50%'),
        ),
    ])
    .optional()
    .meta({ title: 'Most deletes', description });

export const STAGE_SCHEMAS = {
  extract: z
    .strictObject({
      extract: dataset.describe('The table to read, in a postgres or mysql connection.'),
      to: dataset.describe('The staged dataset to write, in an s3 connection.'),
      mode: z
        .enum(['snapshot', 'incremental_append', 'incremental_update'])
        .describe(
          'The whole table, or the rows whose cursor lies in the interval: rows that never change (incremental_append), ' +
            'or rows whose cursor moves when they change (incremental_update).',
        ),
      cursor: text
        .optional()
        .describe('Incremental modes: the timestamp or date column that places a row in an interval.'),
      key: key.optional().describe('incremental_update: the columns that identify a row.'),
      detect_deletes: z
        .boolean()
        .optional()
        .describe(
          'incremental_update: whether each run compares the keys, so that loads delete rows that are gone; false when absent.',
        ),
      max_deleted: maxDeleted(
        'With detect_deletes: how many keys may be gone at once before the run fails, or which part of them; 50% when absent.',
      ),
      columns: columnNames.optional().describe('The columns to stage; all when absent.'),
      exclude: columnNames.optional().describe('The columns to leave out; none when absent.'),
      zero_dates: z
        .enum(['refuse', 'as_null'])
        .optional()
        .describe('MySQL: what becomes of 0000-00-00; the extract is refused when absent.'),
      parallel: z
        .int()
        .min(1)
        .max(4)
        .optional()
        .describe(
          'PostgreSQL, snapshot: most connections that read a large table at once; 2 when absent, and 1 for a small table.',
        ),
      format: z
        .enum(FORMAT_NAMES)
        .optional()
        .describe(
          'The staged files: Parquet with zstd (parquet, when absent) or snappy, or CSV with zstd or gzip.',
        ),
      schedule,
      timezone: zone,
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
      to: dataset.describe('The table to load, in a redshift, snowflake or postgres connection.'),
      mode,
      key: key.optional().describe('merge: the columns that identify a row.'),
      ...derived,
    })
    .meta({ title: 'Load', description: 'Copies staged files into a warehouse table.' }),
  transform: z
    .strictObject({
      transform: text.describe('The file with one SELECT, relative to the project.'),
      to: dataset.describe('The table to write, in a redshift, athena or snowflake connection.'),
      mode,
      key: key.optional().describe('merge: the columns that identify a row.'),
      schedule: schedule.optional(),
      static: staticTables,
      ...derived,
    })
    .meta({
      title: 'Transform',
      description: 'Writes the result of a SELECT. Its inputs are read from the SQL.',
    }),
  publish: z
    .strictObject({
      publish: dataset.describe(
        'The warehouse table to read, in a redshift, athena or snowflake connection.',
      ),
      to: dataset.describe(
        'The table to write, in a postgres connection, or the object, in a salesforce connection: crm.sobjects.Account.',
      ),
      key: key.describe(
        'The columns that identify a row: rows are inserted or updated by them. Of a Salesforce object, the external id.',
      ),
      fields: z.record(text, text).optional().meta({
        title: 'Fields',
        description:
          'Salesforce: the field of each column whose field has another name, such as { id: Shop_Id__c }.',
      }),
      mode: z
        .enum(['upsert', 'replace'])
        .optional()
        .describe(
          'PostgreSQL: insert and update by key (upsert, when absent), or make the table equal to its source (replace).',
        ),
      deletes: z
        .enum(['keep', 'propagate'])
        .optional()
        .describe(
          'PostgreSQL: what becomes of published rows whose key is gone from the source: they stay (keep, when absent) or are deleted (propagate).',
        ),
      max_deleted: maxDeleted(
        'PostgreSQL: how many rows one run may delete before it fails, or which part of the table; 50% when absent.',
      ),
      max_failed_rows: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .optional()
        .describe('Salesforce: how many rows it may refuse before the run fails; 0 when absent.'),
      ...derived,
    })
    .meta({
      title: 'Publish',
      description: 'Writes rows of a warehouse table into a serving table or a Salesforce object.',
    }),
  check: z
    .strictObject({
      check: dataset.describe('The warehouse table to check, in a redshift, athena or snowflake connection.'),
      assert: assertionsSchema,
      blocking: z
        .boolean()
        .optional()
        .describe('true: the stages that read the table wait until the check has passed.'),
      static: staticTables,
      ...derived,
    })
    .meta({ title: 'Check', description: 'Asserts with SQL that the data is right.' }),
  custom: z
    .strictObject({
      custom: text.describe('The module of yours that does the work, relative to the project.'),
      to: dataset.describe('The dataset that it writes, in a connection of any kind but mysql.'),
      reads: z
        .array(dataset)
        .min(1)
        .optional()
        .describe('The datasets that it reads, and whose labels it waits for.'),
      with: z
        .record(text, z.json())
        .optional()
        .meta({ title: 'Options', description: 'What the module is given; secrets as ${env:NAME}.' }),
      schedule: schedule.optional(),
      ...derived,
    })
    .meta({ title: 'Custom', description: 'Does what a module of the project says.' }),
} as const;

const { extract, register, load, transform, publish, check, custom } = STAGE_SCHEMAS;
const anyStage = z
  .union([extract, register, load, transform, publish, check, custom])
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
export type CheckFields = z.infer<typeof check>;
export type CustomFields = z.infer<typeof custom>;
export type ScheduleFields = z.infer<typeof schedule>;
export type InputFields = z.infer<typeof inputSchema>;
