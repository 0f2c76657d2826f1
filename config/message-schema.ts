import { z } from 'zod';
import { SCHEMA_CHANGES } from '../pipeline/data-event.ts';
import { ENDPOINT_HEALTHS } from '../pipeline/endpoint-health.ts';
import { OUTCOMES } from '../pipeline/outcome.ts';
import {
  dataEventSchema,
  endpointEventSchema,
  metadataEventSchema,
  time,
  timelabel,
} from './event-schema.ts';
import { labelsFacet, openLineageSchema, partitionFacet } from './open-lineage-schema.ts';

/* What endpoints receive in each format. The schemas are written into schema/ and named by the messages themselves. */

const READERS = 'Fields may be added at any time, and readers ignore those that they do not know.';

const replayed = z
  .literal(true)
  .optional()
  .describe('There when a person had the event sent once more; its eventId is that of the first sending.');

const probeSchema = z.object({
  event_type: z.literal('probe'),
  eventId: z.string().regex(/^probe\/.+$/),
  endpoint: z.string().min(1).describe('The endpoint that was tested.'),
  time,
  sentBy: z.string().describe('Who tested it.'),
  text: z.string().describe('Says that it may be dropped.'),
});

/** What all CloudEvents of ours have (cloudevents/spec v1.0.2, "Required Attributes"). */
const envelope = {
  specversion: z.literal('1.0'),
  id: z.string().min(1).describe('The same whenever the event is sent.'),
  time: z.iso.datetime({ precision: 3 }).describe('When the work ended, or the change was seen.'),
  datacontenttype: z.literal('application/json'),
} as const;

/** What those that carry an event have beyond. */
const ofEvent = {
  ...envelope,
  source: z
    .string()
    .regex(/^\/(services|pipelines\/[\s\S]+)$/)
    .describe('/pipelines/<pipeline>, or /services for outside services.'),
  subject: z
    .string()
    .regex(/^[\s\S]+\/[0-9]{14}$/)
    .describe('<dataset>/<timelabel>'),
  partitionkey: z.string().min(1).describe('The dataset.'),
  sequence: z
    .string()
    .regex(/^[0-9]{19}$/)
    .describe('Place in the event log; as texts they sort like numbers.'),
  timelabel,
  revision: z.int().min(1),
  reeflinereplayed: replayed.describe('There when a person had the event sent once more.'),
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    .optional()
    .describe('W3C Trace Context: the span of this delivery. There when the event is traced.'),
  tracestate: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('W3C Trace Context: what came beside the traceparent of the event, as it came.'),
} as const;

const typesOf = (what: string, names: readonly string[]): string[] =>
  names.map((name) => `reefline.${what}.${name.toLowerCase()}.v1`);

const cloudEventsSchema = z.discriminatedUnion('type', [
  z.object({
    ...ofEvent,
    type: z.enum(typesOf('data', OUTCOMES)),
    dataschema: z.literal('urn:reefline:schema:data-event:1'),
    data: dataEventSchema,
  }),
  z.object({
    ...ofEvent,
    type: z.enum(typesOf('metadata', SCHEMA_CHANGES)),
    dataschema: z.literal('urn:reefline:schema:metadata-event:1'),
    data: metadataEventSchema,
  }),
  z.object({
    ...ofEvent,
    source: z
      .string()
      .regex(/^\/endpoints\/.+$/)
      .describe('/endpoints/<endpoint> whose health changed.'),
    type: z.enum(typesOf('endpoint', ENDPOINT_HEALTHS)),
    dataschema: z.literal('urn:reefline:schema:endpoint-event:1'),
    data: endpointEventSchema,
  }),
  z.object({
    ...envelope,
    source: z.string().regex(/^\/endpoints\/.+$/),
    type: z.literal('reefline.probe.v1'),
    subject: z.string().min(1).describe('The endpoint that was tested.'),
    dataschema: z.literal('urn:reefline:schema:probe:1'),
    data: probeSchema,
  }),
]);

/** By the name of the file. The ids are those that CloudEvents name as `dataschema`; a change that readers must know of gets a new one. */
export const MESSAGE_SCHEMAS = {
  'data-event.schema.json': {
    id: 'urn:reefline:schema:data-event:1',
    schema: dataEventSchema
      .extend({ replayed })
      .meta({ ...dataEventSchema.meta(), title: 'Data event', description: READERS }),
  },
  'metadata-event.schema.json': {
    id: 'urn:reefline:schema:metadata-event:1',
    schema: metadataEventSchema.extend({ replayed }).meta({ title: 'Metadata event', description: READERS }),
  },
  'endpoint-event.schema.json': {
    id: 'urn:reefline:schema:endpoint-event:1',
    schema: endpointEventSchema.extend({ replayed }).meta({ title: 'Endpoint event', description: READERS }),
  },
  'probe.schema.json': {
    id: 'urn:reefline:schema:probe:1',
    schema: probeSchema.meta({ title: 'Probe of an endpoint', description: READERS }),
  },
  'cloudevents.schema.json': {
    id: 'urn:reefline:schema:cloudevents:1',
    schema: cloudEventsSchema.meta({ title: 'Event as a CloudEvent 1.0', description: READERS }),
  },
  'openlineage.schema.json': {
    id: 'urn:reefline:schema:openlineage:1',
    schema: openLineageSchema.meta({ title: 'Event as an OpenLineage event', description: READERS }),
  },
  'openlineage-partition.schema.json': {
    id: 'urn:reefline:schema:openlineage-partition:1',
    schema: partitionFacet.meta({ title: 'Facet reefline_partition', description: READERS }),
  },
  'openlineage-labels.schema.json': {
    id: 'urn:reefline:schema:openlineage-labels:1',
    schema: labelsFacet.meta({ title: 'Facet reefline_labels', description: READERS }),
  },
} as const;
