import { describeType, type Column } from './column.ts';
import { parseEventTime, type DataEvent, type EndpointEvent, type MetadataEvent } from './data-event.ts';
import type { SentEvent } from './fit-message.ts';
import { openLineageFacet as facet, PRODUCER, type Facet } from './open-lineage-facet.ts';
import type { Outcome } from './outcome.ts';
import { parsePeriod } from './period.ts';
import { instantOf, intervalOf, isOnGrid, parseTimelabel } from './timelabel.ts';

/*
 * Events as OpenLineage has them (OpenLineage/spec, OpenLineage.json 2-0-2): a data event is a RunEvent, a metadata event a
 * DatasetEvent, and the health of an endpoint a JobEvent. docs/decisions/0022-openlineage-format.md says why.
 */

/** What the catalog knows of a data event beyond the event. */
export interface EventLineage {
  /** Datasets that the run read. Labels of those that have some. */
  readonly inputs: readonly {
    readonly dataset: string;
    readonly labels?: { readonly first: string; readonly last: string; readonly count: number };
  }[];
  /** Period of the stage; null when it is not known. */
  readonly period: string | null;
  /** Columns of the dataset when the event arrived; null when no run saw them. */
  readonly columns: readonly Column[] | null;
}

export const NO_LINEAGE: EventLineage = { inputs: [], period: null, columns: null };

/** Namespace of our jobs and datasets: events know the names of connections and not the addresses behind them. */
const NAMESPACE = 'reefline';

/** States of a run (OpenLineage, "Run Cycle"): of a run that may still come nothing final is said. */
const STATES: Readonly<Record<Outcome, 'COMPLETE' | 'FAIL' | 'ABORT' | 'OTHER'>> = {
  SUCCESS: 'COMPLETE',
  EMPTY: 'COMPLETE',
  PARTIAL: 'COMPLETE',
  RECOVERED: 'COMPLETE',
  RELEASED: 'COMPLETE',
  FAILURE: 'FAIL',
  MISSING: 'FAIL',
  QUARANTINED: 'FAIL',
  REJECTED: 'FAIL',
  SKIPPED: 'ABORT',
  LATE: 'OTHER',
  HELD: 'OTHER',
};

/** `uuidOf` gives the same UUID for the same text. */
export function openLineageEvent(
  event: SentEvent,
  lineage: EventLineage,
  replayed: boolean,
  uuidOf: (text: string) => string,
): object {
  switch (event.event_type) {
    case 'data':
      return runEvent(event, lineage, replayed, uuidOf);
    case 'metadata':
      return datasetEvent(event, replayed);
    case 'endpoint':
      return jobEvent(event, replayed);
  }
}

function runEvent(
  event: DataEvent,
  { inputs, period, columns }: EventLineage,
  replayed: boolean,
  uuidOf: (text: string) => string,
): object {
  const written = event.status === 'SUCCESS' && (event.rows !== null || event.bytes !== null);
  return {
    eventType: STATES[event.outcome],
    eventTime: isoOf(event.endTime),
    run: {
      runId: uuidOf(event.eventId),
      facets: {
        nominalTime: nominalTime(event.timelabel, period),
        ...(event.error === null ? {} : { errorMessage: errorMessage(event.error.message) }),
        reefline_partition: partition(event, replayed, { outcome: event.outcome }),
      },
    },
    job: { namespace: NAMESPACE, name: event.stage ?? `services/${event.dataset}` },
    inputs: inputs.map(({ dataset, labels }) => ({
      ...named(dataset),
      ...(labels === undefined ? {} : { inputFacets: { reefline_labels: facet('labels', { ...labels }) } }),
    })),
    outputs: [
      {
        ...named(event.dataset),
        ...(columns === null ? {} : { facets: { schema: schemaOf(columns) } }),
        ...(written ? { outputFacets: { outputStatistics: statistics(event) } } : {}),
      },
    ],
    producer: PRODUCER,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  };
}

function datasetEvent(event: MetadataEvent & SentEvent, replayed: boolean): object {
  const change = event.change === 'TABLE_ADDED' ? 'CREATE' : 'ALTER';
  return {
    eventTime: isoOf(event.time),
    dataset: {
      ...named(event.dataset),
      facets: {
        ...(event.omitted?.includes('after') === true ? {} : { schema: schemaOf(event.after) }),
        lifecycleStateChange: facet('lifecycleStateChange', { lifecycleStateChange: change }),
        reefline_partition: partition(event, replayed, { change: event.change }),
      },
    },
    producer: PRODUCER,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent',
  };
}

/** An endpoint is neither data nor a run: its health is told of a job that is named after it. */
function jobEvent(event: EndpointEvent, replayed: boolean): object {
  return {
    eventTime: isoOf(event.time),
    job: {
      namespace: NAMESPACE,
      name: `endpoints/${event.endpoint}`,
      facets: {
        documentation: facet('documentation', { description: event.reason }),
        reefline_partition: partition(event, replayed, { health: event.health }),
      },
    },
    producer: PRODUCER,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent',
  };
}

function named(dataset: string): { readonly namespace: string; readonly name: string } {
  return { namespace: NAMESPACE, name: dataset };
}

function isoOf(time: string): string {
  const instant = parseEventTime(time);
  if (instant === undefined) throw new Error(`"${time}" is no time of an event.`);
  return new Date(instant).toISOString();
}

/** The interval of the label: its end is known where the period is. */
function nominalTime(text: string, known: string | null): Facet {
  const label = parseTimelabel(text);
  if (label === undefined) throw new Error(`"${text}" is no timelabel.`);
  const period = known === null ? undefined : parsePeriod(known);
  const ends = period !== undefined && isOnGrid(period, label) ? intervalOf(period, label).end : undefined;
  return facet('nominalTime', {
    nominalStartTime: new Date(instantOf(label)).toISOString(),
    ...(ends === undefined ? {} : { nominalEndTime: new Date(ends).toISOString() }),
  });
}

/** The facet requires the language of the system that was observed, which is Reefline. */
function errorMessage(message: string): Facet {
  return facet('errorMessage', { message, programmingLanguage: 'TypeScript' });
}

function schemaOf(columns: readonly Column[]): Facet {
  return facet('schema', { fields: columns.map(({ name, type }) => ({ name, type: describeType(type) })) });
}

function statistics({ rows, bytes }: DataEvent): Facet {
  return facet('outputStatistics', {
    ...(rows === null ? {} : { rowCount: rows }),
    ...(bytes === null ? {} : { size: bytes }),
  });
}

/** What OpenLineage has no words for. */
function partition(event: SentEvent, replayed: boolean, what: object): Facet {
  const { eventId, dataset, timelabel, revision } = event;
  return facet('partition', {
    eventId,
    dataset,
    timelabel,
    revision,
    ...what,
    ...(replayed ? { replayed: true } : {}),
  });
}
