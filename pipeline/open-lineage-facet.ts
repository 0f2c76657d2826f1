/** Who made the messages: a URI, as OpenLineage wants it. */
export const PRODUCER = 'urn:reefline:producer:1';

/** Where the schema of each facet is: those of OpenLineage at theirs, ours by the `$id` of a file in schema/. */
const SCHEMA_URLS = {
  nominalTime: standard('1-0-1', 'NominalTimeRunFacet'),
  errorMessage: standard('1-0-1', 'ErrorMessageRunFacet'),
  schema: standard('1-2-0', 'SchemaDatasetFacet'),
  lifecycleStateChange: standard('1-0-1', 'LifecycleStateChangeDatasetFacet'),
  outputStatistics: standard('1-0-2', 'OutputStatisticsOutputDatasetFacet'),
  documentation: standard('1-1-0', 'DocumentationJobFacet'),
  partition: 'urn:reefline:schema:openlineage-partition:1',
  labels: 'urn:reefline:schema:openlineage-labels:1',
} as const;

/** A part of an OpenLineage event; each says who made it and what its schema is. */
export type Facet = Readonly<Record<string, unknown>> & {
  readonly _producer: string;
  readonly _schemaURL: string;
};

export function openLineageFacet(name: keyof typeof SCHEMA_URLS, fields: object): Facet {
  return { _producer: PRODUCER, _schemaURL: SCHEMA_URLS[name], ...fields };
}

function standard(version: string, name: string): string {
  return `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`;
}
