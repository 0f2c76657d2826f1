import { eventTime } from './data-event.ts';
import type { EndpointDefinition } from './endpoint.ts';
import { openLineageFacet, PRODUCER } from './open-lineage-facet.ts';
import type { OutgoingMessage } from './outgoing.ts';

/** What `reefline endpoint test` sends: it says that it is no event, and consumers may drop it. */
export interface ProbeEvent {
  readonly event_type: 'probe';
  /** `probe/<endpoint>/<moment>`: unlike every id of an event. */
  readonly eventId: string;
  readonly endpoint: string;
  /** `YYYY-MM-DD HH:mm:ss:SSS +00:00`, as in data events. */
  readonly time: string;
  /** Who typed the command. */
  readonly sentBy: string;
  readonly text: string;
}

/** Message group of probes on a FIFO queue; groups of events are datasets, which have two dots. */
const PROBE_GROUP = 'reefline.probe';

const TEXT = 'This is a probe of Reefline: it reports no data, and you may drop it.';

/** `now`: milliseconds since the Unix epoch. */
export function probeEvent(endpoint: string, sentBy: string, now: number): ProbeEvent {
  return {
    event_type: 'probe',
    eventId: `probe/${endpoint}/${new Date(now).toISOString()}`,
    endpoint,
    time: eventTime(now),
    sentBy,
    text: TEXT,
  };
}

/** The probe as a message in the format of its endpoint; for a channel of Slack it is a sentence. */
export function probeMessage(probe: ProbeEvent, endpoint: EndpointDefinition): OutgoingMessage {
  const { eventId, event_type } = probe;
  return {
    id: eventId,
    group: PROBE_GROUP,
    body: bodyOf(probe, endpoint),
    attributes: { eventId, event_type },
  };
}

function bodyOf(probe: ProbeEvent, endpoint: EndpointDefinition): string {
  if (endpoint.kind === 'slack') return TEXT;
  switch (endpoint.format ?? 'data-event') {
    case 'data-event':
      return JSON.stringify(probe);
    case 'cloudevents':
      return JSON.stringify(probeCloudEvent(probe));
    case 'openlineage':
      return JSON.stringify(probeJobEvent(probe));
  }
}

/** A job of the name `probe/<endpoint>` that is described as one, and no run. */
function probeJobEvent(probe: ProbeEvent): object {
  const documentation = openLineageFacet('documentation', { description: probe.text });
  return {
    eventTime: instantIn(probe),
    job: { namespace: 'reefline', name: `probe/${probe.endpoint}`, facets: { documentation } },
    producer: PRODUCER,
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent',
  };
}

/** The moment at the end of its id, an ISO instant. */
function instantIn(probe: ProbeEvent): string {
  return probe.eventId.slice(`probe/${probe.endpoint}/`.length);
}

function probeCloudEvent(probe: ProbeEvent): object {
  return {
    specversion: '1.0',
    id: probe.eventId,
    source: `/endpoints/${probe.endpoint}`,
    type: 'reefline.probe.v1',
    subject: probe.endpoint,
    time: instantIn(probe),
    datacontenttype: 'application/json',
    dataschema: 'urn:reefline:schema:probe:1',
    data: probe,
  };
}
