import { eventTime } from './data-event.ts';
import type { EndpointDefinition } from './endpoint.ts';
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
  return JSON.stringify(endpoint.format === 'cloudevents' ? probeCloudEvent(probe) : probe);
}

function probeCloudEvent(probe: ProbeEvent): object {
  return {
    specversion: '1.0',
    id: probe.eventId,
    source: `/endpoints/${probe.endpoint}`,
    type: 'reefline.probe.v1',
    subject: probe.endpoint,
    time: probe.eventId.slice(`probe/${probe.endpoint}/`.length),
    datacontenttype: 'application/json',
    dataschema: 'urn:reefline:schema:probe:1',
    data: probe,
  };
}
