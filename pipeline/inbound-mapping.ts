import { canonicalJson } from './canonical.ts';
import { readForeignLabel, TIME_WRITINGS, type LabelReading } from './foreign-label.ts';
import type { InboundRule, InboundSource } from './inbound.ts';
import { tooMany } from './inbound-limits.ts';
import { at, partsOf, type InboundPart, type InboundProblem } from './inbound-parts.ts';
import { looksLikePath, parsePath, valueAt } from './message-path.ts';
import { storableText } from './storable.ts';
import type { GivenContext } from './traceparent.ts';
import { matchTextFormat, parseTextFormat, type TextFormat } from './text-format.ts';

/** What a message says, in our words. */
export interface MappedMessage {
  readonly events: readonly MappedEvent[];
  readonly problems: readonly InboundProblem[];
  /** Parts of the message that are not about data that anybody named. */
  readonly ignored: number;
}

export interface MappedEvent {
  /** As an outside service would send it; not checked yet. */
  readonly event: unknown;
  /** The text from whose hash the event gets its id; null when it has one, or is to get one like any other. */
  readonly identity: string | null;
  /** In which trace its envelopes say that it stands, the nearest first: a CloudEvent, Amazon SNS. Not checked yet. */
  readonly contexts?: readonly GivenContext[];
}

type Scalar = string | number | boolean;

/** Reads the body of a message of this source. Total: whatever it is, it is mapped, ignored, or a problem. */
export function mapMessage(source: InboundSource, body: string): MappedMessage {
  try {
    return mapped(source, withoutTopic(JSON.parse(body)));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is no JSON' : 'could not be read';
    return { events: [], problems: [{ field: '', reason: `The message ${why}.` }], ignored: 0 };
  }
}

/** Amazon SNS wraps what it hands to a queue, unless raw delivery is on (AWS, "Amazon SNS message delivery"). */
function withoutTopic(message: unknown): Unwrapped {
  if (typeof message !== 'object' || message === null) return { message };
  const { Type: type, TopicArn: topic, Message: inner, ...others } = message as Notification;
  if (type !== 'Notification' || typeof topic !== 'string' || typeof inner !== 'string') return { message };
  const of = (name: string): unknown => others.MessageAttributes?.[name]?.Value;
  const context = { traceparent: of('traceparent'), tracestate: of('tracestate') };
  return { message: JSON.parse(inner), context };
}

interface Unwrapped {
  readonly message: unknown;
  readonly context?: GivenContext;
}

interface Notification {
  readonly Type?: unknown;
  readonly TopicArn?: unknown;
  readonly Message?: unknown;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Value?: unknown } | undefined>> | null;
}

function mapped(source: InboundSource, { message, context }: Unwrapped): MappedMessage {
  const { parts, problems, ignored } = partsOf(source.mapping, source.each, message);
  const reason = tooMany(source, parts.length);
  if (reason !== undefined) return { events: [], problems: [{ field: '', reason }], ignored: 0 };
  const results = parts.map((part) => mapPart(source, part));
  return {
    events: results.flatMap((result, at) =>
      'event' in result ? [{ ...result, ...given([parts[at]?.context, context]) }] : [],
    ),
    problems: [...problems, ...results.flatMap((result) => ('reason' in result ? [result] : []))],
    ignored: ignored + results.filter((result) => 'ignored' in result).length,
  };
}

/** What envelopes say of a trace; nothing where none of them names one. */
function given(contexts: readonly (GivenContext | undefined)[]): Pick<MappedEvent, 'contexts'> {
  const named = contexts.filter((each) => each?.traceparent !== undefined) as readonly GivenContext[];
  return named.length === 0 ? {} : { contexts: named };
}

function mapPart(
  source: InboundSource,
  part: InboundPart,
): MappedEvent | InboundProblem | { readonly ignored: true } {
  if (source.events.length === 0) return { event: withoutRules(source, part), identity: null };
  const rule = isCreation(source, part) ? source.events.find((each) => fits(each, part)) : undefined;
  if (rule !== undefined) return apply(rule, part);
  if (source.unmatched === 'ignore') return { ignored: true };
  const reason =
    `No rule of this source fits ${describe(source, part)}${at(part.place)}. ` +
    'Add one under "events", or write "unmatched: ignore".';
  return { field: part.place, reason };
}

/** The data event that an envelope carries. */
function withoutRules({ mapping }: InboundSource, { part }: InboundPart): unknown {
  const fields = part as Readonly<Record<string, unknown>> | null;
  if (mapping === 'eventbridge') return fields?.['detail'];
  return mapping === 'cloudevents' ? fields?.['data'] : part;
}

/** Only data that is there can be taken: S3 also tells of deletions, restores and more. */
function isCreation({ mapping }: InboundSource, { part }: InboundPart): boolean {
  if (mapping !== 's3') return true;
  const { eventName } = part as { readonly eventName: string };
  return eventName === 'ObjectCreated' || eventName.startsWith('ObjectCreated:');
}

function describe({ mapping }: InboundSource, { part }: InboundPart): string {
  if (mapping !== 's3') return 'the message';
  const { eventName, bucket, key } = part as Readonly<Record<'eventName' | 'bucket' | 'key', string>>;
  return storableText(`${eventName} of s3://${bucket}/${key}`, 300);
}

function fits(rule: InboundRule, part: InboundPart): boolean {
  const { bucket, key } = (part.part ?? {}) as Readonly<Record<string, unknown>>;
  if (rule.bucket !== undefined && rule.bucket !== bucket) return false;
  const format = rule.key === undefined ? undefined : formatOf(rule.key);
  if (format !== undefined && (typeof key !== 'string' || matchTextFormat(format, key) === undefined))
    return false;
  return Object.entries(rule.when ?? {}).every(([path, values]) => isOneOf(values, read(path, part)));
}

function apply(rule: InboundRule, part: InboundPart): MappedEvent | InboundProblem {
  const { path, format, interval } = rule.timelabel ?? { path: '@.key', format: rule.key ?? '' };
  const reading: LabelReading = { format: writingOf(format), period: rule.period, interval };
  const time = read(path, part);
  const timelabel = readForeignLabel(reading, time);
  if (timelabel === undefined) {
    const found = time === undefined ? 'There is nothing' : `It is no time that is written ${format}`;
    return { field: 'timelabel', reason: `${found} at ${path}${at(part.place)}.` };
  }
  const status = statusOf(rule, part);
  if (status === undefined) {
    const reason = `The status at ${pathOf(rule)}${at(part.place)} is none of those that the rule names.`;
    return { field: 'status', reason };
  }
  const target = {
    type: textOf(rule.type, part),
    schema: textOf(rule.schema, part),
    table: textOf(rule.table, part),
    timelabel,
  };
  const identity = rule.id === undefined ? part.identity : (read(rule.id, part) ?? null);
  if (identity === null)
    return { field: 'eventId', reason: `There is nothing at ${rule.id ?? ''}${at(part.place)}.` };
  const optional = {
    rows: countOf(rule.rows, part),
    bytes: countOf(rule.bytes, part) ?? part.bytes,
    uri: rule.uri === undefined ? part.uri : textOf(rule.uri, part),
    error: status === 'FAILURE' && rule.error !== undefined ? textOf(rule.error, part) : undefined,
  };
  const event = {
    event_type: 'data',
    ...target,
    ...(rule.dataset === undefined ? {} : { dataset: rule.dataset }),
    status,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value != null)),
  };
  return { event, identity: canonicalJson(['inbound', identity, target]) };
}

function statusOf({ status = 'SUCCESS' }: InboundRule, part: InboundPart): string | undefined {
  if (typeof status === 'string') {
    const text = textOf(status, part);
    return text === 'SUCCESS' || text === 'FAILURE' ? text : undefined;
  }
  const value = read(status.path, part);
  if (isOneOf(status.success, value)) return 'SUCCESS';
  return isOneOf(status.failure, value) ? 'FAILURE' : undefined;
}

function pathOf({ status = '' }: InboundRule): string {
  return typeof status === 'string' ? status : status.path;
}

function isOneOf(values: readonly Scalar[], found: unknown): boolean {
  return values.some((value) => value === found);
}

/** A fixed text, or what stands at a path, as it is. */
function textOf(value: string, part: InboundPart): unknown {
  return looksLikePath(value) ? read(value, part) : value;
}

/** Numbers often come as texts. */
function countOf(path: string | undefined, part: InboundPart): unknown {
  const value = path === undefined ? undefined : read(path, part);
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

function read(path: string, part: InboundPart): unknown {
  const parsed = parsePath(path);
  return parsed === undefined ? undefined : valueAt(parsed, part);
}

/** Formats come from the configuration, so there are as many as it has. */
const formats = new Map<string, TextFormat>();

function formatOf(text: string): TextFormat | undefined {
  const known = formats.get(text);
  if (known !== undefined) return known;
  const format = parseTextFormat(text);
  if ('problem' in format) return undefined;
  formats.set(text, format);
  return format;
}

function writingOf(format: string): LabelReading['format'] {
  const named = TIME_WRITINGS.find((writing) => writing === format);
  return named ?? formatOf(format) ?? { tokens: [{ kind: 'text', text: format }], parts: [] };
}
