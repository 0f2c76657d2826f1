import type { InboundMapping } from './inbound.ts';
import type { GivenContext } from './traceparent.ts';
import { parsePath, valueAt, type MessagePart } from './message-path.ts';

/** What one event is made of. */
export interface InboundPart extends MessagePart {
  /** Where it stands, for sentences: `Records[0]`; empty for the whole message. */
  readonly place: string;
  /** What tells it from every other part: the same again when the message is delivered again, or sent again. */
  readonly identity: unknown;
  readonly uri?: string;
  readonly bytes?: unknown;
  /** Where its envelope says in which trace it stands; not checked yet. */
  readonly context?: GivenContext;
}

export interface InboundProblem {
  /** The field of the event, or the place in the message. */
  readonly field: string;
  /** A full sentence. */
  readonly reason: string;
}

export interface InboundParts {
  readonly parts: readonly InboundPart[];
  readonly problems: readonly InboundProblem[];
  /** Parts that say nothing about data, as the test message of S3. */
  readonly ignored: number;
}

/** Takes a message apart by the rules of its envelope. Never throws. */
export function partsOf(mapping: InboundMapping, each: string | undefined, message: unknown): InboundParts {
  const opened = openEnvelope(mapping, message);
  const path = each === undefined ? undefined : parsePath(each);
  if (path === undefined) return opened;
  const found = opened.parts.map((part): InboundParts => {
    const list = valueAt(path, part);
    if (!Array.isArray(list)) return failed(part.place, `There is no list at ${each ?? ''} in the message.`);
    const parts = list.map((element: unknown, at) => ({
      message: part.part,
      part: element,
      place: `${each ?? ''}[${String(at)}]`,
      identity: [part.identity, at],
      ...(part.context === undefined ? {} : { context: part.context }),
    }));
    return { parts, problems: [], ignored: 0 };
  });
  return together([{ ...opened, parts: [] }, ...found]);
}

function openEnvelope(mapping: InboundMapping, message: unknown): InboundParts {
  switch (mapping) {
    case 'data-event':
      // A list holds several events, as a signal does.
      return of(Array.isArray(message) ? message.map((part: unknown) => whole(part)) : [whole(message)]);
    case 'json':
      return of([whole(message)]);
    case 'eventbridge':
      return eventBridge(message);
    case 'cloudevents':
      return together((Array.isArray(message) ? message : [message]).map(cloudEvent));
    case 's3':
      return s3(message);
  }
}

function whole(message: unknown): InboundPart {
  return { message, part: message, place: '', identity: message };
}

/** AWS, "Amazon EventBridge events reference": id, source, detail-type and detail are always there. */
function eventBridge(message: unknown): InboundParts {
  const { id, source, detail, 'detail-type': type } = record(message);
  if (!isText(id) || !isText(source) || !isText(type) || detail === undefined)
    return failed('', 'This is no event of EventBridge: it needs id, source, detail-type and detail.');
  return of([{ ...whole(message), identity: [source, id] }]);
}

/** CloudEvents 1.0, "Required Attributes": source and id together are unique. */
function cloudEvent(message: unknown): InboundParts {
  const { specversion, id, source, type, traceparent, tracestate } = record(message);
  if (specversion !== '1.0' || !isText(id) || !isText(source) || !isText(type))
    return failed(
      '',
      'This is no CloudEvent in structured JSON: it needs specversion "1.0", id, source and type.',
    );
  // cloudevents/spec, "Distributed Tracing extension".
  return of([{ ...whole(message), identity: [source, id], context: { traceparent, tracestate } }]);
}

/**
 * Notifications of S3, straight or through EventBridge (AWS, "Event message structure"; "EventBridge event message
 * structure for Amazon S3"). The part of each has `bucket`, `key`, `size`, `eTag`, `versionId`, `sequencer`,
 * `eventName` and `eventTime`.
 */
function s3(message: unknown): InboundParts {
  const { Event: event, Records: records, source, detail } = record(message);
  // S3 sends it once to try a queue that was configured.
  if (event === 's3:TestEvent') return { parts: [], problems: [], ignored: 1 };
  if (source === 'aws.s3') return s3Object(message, s3ThroughEventBridge(record(message), record(detail)));
  if (!Array.isArray(records))
    return failed(
      'Records',
      'This is no notification of S3: it has no Records and is no S3 event of EventBridge.',
    );
  return together(
    records.map((entry: unknown, at) => {
      const { eventName, eventTime, s3: inner } = record(entry);
      const { bucket, object } = record(inner);
      const { key, size, eTag, versionId, sequencer } = record(object);
      const name = record(bucket)['name'];
      // The key is encoded as in a form: a space is a plus sign.
      const fields = { bucket: name, key: decoded(key), size, eTag, versionId, sequencer };
      return s3Object(message, { ...fields, eventName, eventTime }, `Records[${String(at)}]`);
    }),
  );
}

function s3ThroughEventBridge(message: Fields, { bucket, object }: Fields): Fields {
  const { key, size, etag: eTag, 'version-id': versionId, sequencer } = record(object);
  const name = record(bucket)['name'];
  const eventName = message['detail-type'] === 'Object Created' ? 'ObjectCreated' : message['detail-type'];
  return { bucket: name, key, size, eTag, versionId, sequencer, eventName, eventTime: message['time'] };
}

function s3Object(message: unknown, fields: Fields, place = ''): InboundParts {
  const { bucket, key, size, eventName } = fields;
  if (!isText(eventName) || !isText(bucket) || !isText(key))
    return failed(place, `The S3 event${at(place)} lacks the bucket, the key, or the name of the event.`);
  const { eTag, versionId, sequencer } = fields;
  const identity = [bucket, key, eventName.split(':')[0], versionId, eTag, sequencer];
  return of([{ message, part: fields, place, identity, uri: `s3://${bucket}/${key}`, bytes: size }]);
}

function decoded(key: unknown): unknown {
  if (!isText(key)) return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** ` in Records[0]` */
export function at(place: string): string {
  return place === '' ? '' : ` in ${place}`;
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function of(parts: readonly InboundPart[]): InboundParts {
  return { parts, problems: [], ignored: 0 };
}

function failed(field: string, reason: string): InboundParts {
  return { parts: [], problems: [{ field, reason }], ignored: 0 };
}

function together(all: readonly InboundParts[]): InboundParts {
  return {
    parts: all.flatMap(({ parts }) => parts),
    problems: all.flatMap(({ problems }) => problems),
    ignored: all.reduce((sum, { ignored }) => sum + ignored, 0),
  };
}
