import { z } from 'zod';
import { EVENT_TYPES } from '../pipeline/stage.ts';
import { endpointSchema } from './endpoint-schema.ts';
import {
  dataset,
  eventsPerSecond,
  message,
  name,
  period,
  region,
  retention,
  text,
  timezone,
} from './field.ts';
import { inboundSchema } from './inbound-schema.ts';

/*
 * The grammar of reefline.yaml. The types in pipeline/connection.ts and pipeline/endpoint.ts are what it and endpoint-schema.ts yield; the
 * assignments in read-settings.ts keep both in step.
 */

const concurrency = z
  .int()
  .min(1)
  .max(1000)
  .optional()
  .describe('How many stages may use this connection at once, per worker.');

const silenceSeconds = (otherwise: string) =>
  z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      `Seconds that the server may send nothing within a statement while Reefline reads; ${otherwise}.`,
    );

export const CONNECTION_SCHEMAS = {
  postgres: z.strictObject({
    kind: z
      .literal('postgres')
      .describe('A PostgreSQL database: source of extracts, destination of loads and publishes.'),
    url: text.describe(
      'Reference to a postgres:// URL, such as ${env:SHOP_URL}. A URL with a password is refused.',
    ),
    silenceSeconds: silenceSeconds('1800 for extracts, and no limit for anything else, when absent'),
    concurrency,
  }),
  mysql: z.strictObject({
    kind: z.literal('mysql').describe('A MySQL or MariaDB database: source of extracts.'),
    url: text.describe(
      'Reference to a mysql:// URL, such as ${env:SHOP_URL}. A URL with a password is refused. ' +
        'The parameters ssl-mode, ssl-ca, ssl-cert and ssl-key of the URL choose TLS.',
    ),
    silenceSeconds: silenceSeconds('1800 for extracts, and no limit for syncs, when absent'),
    concurrency,
  }),
  s3: z.strictObject({
    kind: z.literal('s3').describe('The store of staged files.'),
    bucket: text.describe('Name of the bucket.'),
    prefix: text.optional().describe('Folder inside the bucket, without slashes at its ends.'),
    region,
    concurrency,
  }),
  glue: z.strictObject({
    kind: z.literal('glue').describe('The AWS Glue Data Catalog.'),
    databasePrefix: text.optional().describe('Put before the schema to make the name of the Glue database.'),
    region,
    concurrency,
  }),
  redshift: z.strictObject({
    kind: z.literal('redshift').describe('Amazon Redshift through its Data API.'),
    database: text.describe('Name of the database.'),
    cluster: text.optional().describe('Identifier of a provisioned cluster. Either this or workgroup.'),
    workgroup: text.optional().describe('Name of a serverless workgroup. Either this or cluster.'),
    dbUser: text.optional().describe('Database user of a provisioned cluster.'),
    secretArn: text
      .optional()
      .describe('ARN of the secret in AWS Secrets Manager that holds the credentials.'),
    copyRole: text.optional().describe('ARN of the role that COPY uses to read S3; default when absent.'),
    region,
    concurrency,
  }),
  salesforce: z.strictObject({
    kind: z.literal('salesforce').describe('A Salesforce org: destination of publishes.'),
    loginUrl: text.describe('Where tokens are given, such as https://acme.my.salesforce.com.'),
    clientId: text.describe(
      'Consumer key of the connected app, or a reference such as ${env:CRM_CLIENT_ID}.',
    ),
    clientSecret: text
      .optional()
      .describe('Reference to its consumer secret, such as ${env:CRM_CLIENT_SECRET}.'),
    username: text.optional().describe('User to sign in as, with privateKey or password.'),
    password: text
      .optional()
      .describe('Reference to the password of the user followed by the security token.'),
    privateKey: text
      .optional()
      .describe(
        'Reference to the private key (PEM) of the certificate of the connected app: JWT bearer flow.',
      ),
    apiVersion: z
      .string()
      .regex(/^\d{2,3}\.0$/, message('this is no API version', 'write one such as "62.0", in quotes'))
      .optional()
      .describe('Version of the Salesforce API; 62.0 when absent.'),
    concurrency,
  }),
  athena: z.strictObject({
    kind: z
      .literal('athena')
      .describe('Amazon Athena over the Glue Data Catalog: a schema is a Glue database.'),
    location: text.describe('Folder below which tables get their files, such as s3://lake/tables.'),
    workgroup: text.optional().describe('Name of the workgroup; primary when absent.'),
    output: text
      .optional()
      .describe('Folder for the results of queries, s3://…; that of the workgroup when absent.'),
    region,
    concurrency,
  }),
  snowflake: z.strictObject({
    kind: z.literal('snowflake').describe('A database of a Snowflake account.'),
    account: text.describe(
      'Identifier of the account, such as acme-analytics, or a reference such as ${env:SNOWFLAKE_ACCOUNT}.',
    ),
    user: text.describe('User to sign in as.'),
    privateKey: text
      .optional()
      .describe(
        'Reference to the private key (PEM) of the user: key-pair authentication. Either this or password.',
      ),
    privateKeyPassphrase: text
      .optional()
      .describe('Reference to the passphrase of an encrypted private key.'),
    password: text.optional().describe('Reference to the password of the user.'),
    database: text.describe('Name of the database.'),
    warehouse: text.describe('Name of the warehouse that runs the statements.'),
    role: text.optional().describe('Role to work with; the default role of the user when absent.'),
    storageIntegration: text
      .optional()
      .describe('Name of the storage integration with which COPY reads the staged files; loads need it.'),
    concurrency,
  }),
} as const;

const { postgres, mysql, s3, glue, redshift, athena, snowflake, salesforce } = CONNECTION_SCHEMAS;

export const connectionSchema = z
  .discriminatedUnion('kind', [postgres, mysql, s3, glue, redshift, athena, snowflake, salesforce])
  .meta({ title: 'Connection', description: 'An outside system that stages read from or write to.' });

export const outsideDatasetSchema = z
  .strictObject({
    every: period.describe('Length of the interval that one timelabel covers.'),
    timezone: timezone
      .optional()
      .describe('Time zone in which days, weeks and months are cut; UTC when absent.'),
    type: z.enum(EVENT_TYPES).describe('The type that the events of this dataset carry.'),
  })
  .meta({
    title: 'Outside dataset',
    description: 'A dataset that a service outside of Reefline produces and signals.',
  });

export const signalsSchema = z
  .strictObject({
    maxEventsPerSecond: eventsPerSecond.describe(
      'Most events a second that one router takes; what comes faster waits in the router.',
    ),
  })
  .meta({
    title: 'Signals',
    description: 'Limits for those who signal events; 500 events a second to a router when absent.',
  });

export const retentionSchema = z
  .strictObject({
    events: retention.describe(
      'How long verdicts, deliveries that are over, rejections and events that nothing is decided by are kept.',
    ),
  })
  .meta({ title: 'Retention', description: 'How long the catalog keeps history; for ever when absent.' });

export const settingsSchema = z
  .strictObject({
    connections: z
      .record(name, connectionSchema)
      .meta({ title: 'Connections', description: 'Outside systems by name.' }),
    endpoints: z
      .record(name, endpointSchema)
      .optional()
      .meta({ title: 'Endpoints', description: 'Receivers of the events, by name.' }),
    datasets: z.record(dataset, outsideDatasetSchema).optional().meta({
      title: 'Outside datasets',
      description: 'Datasets that services outside of Reefline produce.',
    }),
    inbound: z.record(name, inboundSchema).optional().meta({
      title: 'Inbound sources',
      description: 'Queues whose messages become data events, by name.',
    }),
    signals: signalsSchema.optional(),
    retention: retentionSchema.optional(),
  })
  .meta({ title: 'Reefline settings', description: 'reefline.yaml: what all pipelines of a project share.' });
