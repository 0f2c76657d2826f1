import { z } from 'zod';
import { assertionsSchema } from './assertion-schema.ts';
import { FORMAT_NAMES } from '../pipeline/staged-format.ts';
import { dataset, text } from './field.ts';
import { common, derived } from './join-schema.ts';
import { schedule, zone } from './schedule-schema.ts';
import { columnNames, key, maxDeleted, mode, staticTables } from './table-schema.ts';

/* The grammar of single stages: one schema per kind, chosen by the key that names the kind. */

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
export const anyStage = z
  .union([extract, register, load, transform, publish, check, custom])
  .meta({ title: 'Stage', description: 'One step.' });

export type ExtractFields = z.infer<typeof extract>;
export type RegisterFields = z.infer<typeof register>;
export type LoadFields = z.infer<typeof load>;
export type TransformFields = z.infer<typeof transform>;
export type PublishFields = z.infer<typeof publish>;
export type CheckFields = z.infer<typeof check>;
export type CustomFields = z.infer<typeof custom>;
