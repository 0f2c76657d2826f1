import { z } from 'zod';
import { SCHEMA_CHANGES } from '../pipeline/data-event.ts';
import { ENDPOINT_HEALTHS } from '../pipeline/endpoint-health.ts';
import { OUTCOMES } from '../pipeline/outcome.ts';
import { timelabel } from './event-schema.ts';

/*
 * What OpenLineage events of ours hold: a part of OpenLineage.json 2-0-2 and of the schemas of its facets, with the fields
 * that are always there required.
 */

const instant = z.iso.datetime({ precision: 3 });
const text = z.string().min(1);

const PRODUCER = z.literal('urn:reefline:producer:1');

function facet(schemaUrl: string, fields: z.ZodRawShape): z.ZodObject {
  return z.object({ _producer: PRODUCER, _schemaURL: z.literal(schemaUrl), ...fields });
}

function standard(version: string, name: string, fields: z.ZodRawShape): z.ZodObject {
  return facet(`https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`, fields);
}

export const partitionFacet = facet('urn:reefline:schema:openlineage-partition:1', {
  eventId: text.max(500).describe('The same whenever the event is sent.'),
  dataset: text,
  timelabel,
  revision: z.int().min(1).describe('1, 2, 3 …: how often the label was made so far; the highest counts.'),
  outcome: z.enum(OUTCOMES).optional().describe('Of a run: how the label came out.'),
  change: z.enum(SCHEMA_CHANGES).optional().describe('Of a dataset: what changed in its columns.'),
  health: z.enum(ENDPOINT_HEALTHS).optional().describe('Of an endpoint: how it is now.'),
  replayed: z.literal(true).optional().describe('There when a person had the event sent once more.'),
});

export const labelsFacet = facet('urn:reefline:schema:openlineage-labels:1', {
  first: timelabel.describe('The first label of the input that was read.'),
  last: timelabel.describe('The last one.'),
  count: z.int().min(1).describe('How many.'),
});

const schemaFacet = standard('1-2-0', 'SchemaDatasetFacet', {
  fields: z.array(z.object({ name: text, type: text })),
});

const dataset = { namespace: z.literal('reefline'), name: text } as const;
const base = { eventTime: instant, producer: PRODUCER } as const;
const schemaUrl = (name: string): z.ZodLiteral<string> =>
  z.literal(`https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/${name}`);

const runEvent = z.object({
  ...base,
  eventType: z.enum(['COMPLETE', 'FAIL', 'ABORT', 'OTHER']),
  run: z.object({
    runId: z.uuid().describe('Made from the id of the event.'),
    facets: z.object({
      nominalTime: standard('1-0-1', 'NominalTimeRunFacet', {
        nominalStartTime: instant,
        nominalEndTime: instant.optional(),
      }),
      errorMessage: standard('1-0-1', 'ErrorMessageRunFacet', {
        message: z.string(),
        programmingLanguage: z.literal('TypeScript'),
      }).optional(),
      reefline_partition: partitionFacet,
    }),
  }),
  job: z.object({
    namespace: z.literal('reefline'),
    name: text.describe('<pipeline>.<stage>, or services/<dataset> for outside services.'),
  }),
  inputs: z.array(
    z.object({ ...dataset, inputFacets: z.object({ reefline_labels: labelsFacet }).optional() }),
  ),
  outputs: z
    .array(
      z.object({
        ...dataset,
        facets: z.object({ schema: schemaFacet }).optional(),
        outputFacets: z
          .object({
            outputStatistics: standard('1-0-2', 'OutputStatisticsOutputDatasetFacet', {
              rowCount: z.int().min(0).optional(),
              size: z.int().min(0).optional(),
            }),
          })
          .optional(),
      }),
    )
    .min(1),
  schemaURL: schemaUrl('RunEvent'),
});

const datasetEvent = z.object({
  ...base,
  dataset: z.object({
    ...dataset,
    facets: z.object({
      schema: schemaFacet.optional(),
      lifecycleStateChange: standard('1-0-1', 'LifecycleStateChangeDatasetFacet', {
        lifecycleStateChange: z.enum(['CREATE', 'ALTER']),
      }),
      reefline_partition: partitionFacet,
    }),
  }),
  schemaURL: schemaUrl('DatasetEvent'),
});

const jobEvent = z.object({
  ...base,
  job: z.object({
    namespace: z.literal('reefline'),
    name: z
      .string()
      .regex(/^(endpoints|probe)\/.+$/)
      .describe(
        'endpoints/<endpoint> of a change of its health, probe/<endpoint> of a probe, which may be dropped.',
      ),
    facets: z.object({
      documentation: standard('1-1-0', 'DocumentationJobFacet', { description: z.string() }),
      reefline_partition: partitionFacet.optional(),
    }),
  }),
  schemaURL: schemaUrl('JobEvent'),
});

export const openLineageSchema = z.discriminatedUnion('schemaURL', [runEvent, datasetEvent, jobEvent]);
