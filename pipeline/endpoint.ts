import type { HealthLimits } from './endpoint-health.ts';
import type { Outcome } from './outcome.ts';
import type { EventType } from './stage.ts';

/** What events are about: batches of data, schema changes, the health of endpoints. The `event_type` of a message. */
export const EVENT_KINDS = ['data', 'metadata', 'endpoint'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Which events an endpoint is sent: those that pass every field that is set. */
export interface EndpointFilter {
  readonly events?: readonly EventKind[];
  /** Outcomes of data events, `SUCCESS` and `FAILURE` as for inputs. All others have none and always pass it. */
  readonly on?: readonly Outcome[];
  readonly types?: readonly EventType[];
  readonly schemas?: NameList;
  readonly tables?: NameList;
  /** Pipelines whose stages made the data; events from outside services have none. */
  readonly pipelines?: readonly string[];
  /** Seconds that the start of the label's interval may lie back when the event arrives. */
  readonly maxAgeSeconds?: number;
}

/** Patterns of names: one of `allow` must fit when it is there, and none of `deny`. See pipeline/name-pattern.ts. */
export interface NameList {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** How an event is written into a message; permanent names. */
export const MESSAGE_FORMATS = ['data-event', 'cloudevents', 'openlineage'] as const;
export type MessageFormat = (typeof MESSAGE_FORMATS)[number];

/** Content types of messages (CloudEvents 1.0.2, "HTTP Protocol Binding", structured mode). */
export const FORMAT_TYPES: Readonly<Record<MessageFormat, string>> = {
  'data-event': 'application/json',
  cloudevents: 'application/cloudevents+json; charset=utf-8',
  openlineage: 'application/json',
};

/** Where customers receive events. Texts may be references such as `${env:CUSTOMER_QUEUE_URL}`, secrets always are. */
export type EndpointDefinition = SqsEndpoint | WebhookEndpoint | SlackEndpoint;

interface EndpointBase extends EndpointFilter {
  readonly name: string;
  /** Seconds for which a message is tried until it is a dead letter; 14 days when absent. */
  readonly giveUpSeconds?: number;
  readonly retry?: RetryTimes;
  /** By what its health is decided, where it is not the usual. */
  readonly health?: Partial<HealthLimits>;
}

/** How a message is tried again; times in seconds. */
export interface RetryTimes {
  /** Pause after the first attempt, which doubles with each further one; 1 when absent. */
  readonly firstSeconds?: number;
  /** Longest pause; 300 when absent. */
  readonly longestSeconds?: number;
  /** After which another worker sends what one that died had in hand; 60 when absent. Sending takes half of it at most. */
  readonly takeOverSeconds?: number;
}

export interface SqsEndpoint extends EndpointBase {
  readonly kind: 'sqs';
  readonly queueUrl: string;
  /** That of the queue's URL when absent, else the default of the worker. */
  readonly region?: string;
  /** ARN of a role to assume for sending, or a reference to it: a queue in another account whose owner gives a role. */
  readonly roleArn?: string;
  /** What the owner of the role wants to hear when it is assumed (AWS, "IAM User Guide", third-party access). */
  readonly externalId?: string;
  /** `data-event` when absent: the documented fields first, then ours. */
  readonly format?: MessageFormat;
}

/** Takes each message in a request that is signed by the convention of Standard Webhooks. */
export interface WebhookEndpoint extends EndpointBase {
  readonly kind: 'webhook';
  readonly url: string;
  /** Reference to `whsec_…`; the variable may hold several, with spaces between them, while one is exchanged. */
  readonly secret: string;
  /** `data-event` when absent. */
  readonly format?: MessageFormat;
}

/** A channel of Slack, or of a service that takes the same requests, for people to read. The address is a secret. */
export interface SlackEndpoint extends EndpointBase {
  readonly kind: 'slack';
  readonly url: string;
}

/** The filter of an endpoint, with what its kind is sent when it names no outcomes: people are told of failures only. */
export function subscriptionOf(endpoint: EndpointDefinition): EndpointFilter {
  return endpoint.kind === 'slack' ? { ...endpoint, on: endpoint.on ?? ['FAILURE'] } : endpoint;
}
