import { inDocumentedOrder, type ReeflineEvent } from './data-event.ts';

/** UTF-8 bytes of JSON that an event may take: a quarter less than the 256 KiB of SQS, for envelope and attributes. */
export const MAX_EVENT_BYTES = 192 * 1024;

/** Fields that can be long, the one that is missed least first. */
const LONG_FIELDS = ['causedBy', 'checks', 'before', 'after', 'missing'] as const;

/** An event as it is sent. */
export type SentEvent = ReeflineEvent & {
  /** What is empty here because the message would be too long; `reefline events show <eventId>` has it. */
  readonly omitted?: readonly string[];
};

/** A message says where in a trace it stands itself, and not where its event once came from. */
function withoutContext(event: ReeflineEvent): ReeflineEvent {
  if (event.event_type === 'endpoint' || event.traceparent === undefined) return event;
  const { traceparent: _, tracestate: __, ...others } = event;
  return others;
}

/** Most UTF-8 bytes of a UTF-16 unit, so that of most texts none has to be counted. */
const BYTES_OF_UNIT = 3;

/** An event as it is sent, and its JSON. */
export interface FittedMessage {
  readonly event: SentEvent;
  readonly json: string;
}

/**
 * The event with its documented fields first, as it is when it fits; else without its long lists and at last without the
 * facts of its error, one after the other until it fits. `bytesOf` counts the UTF-8 bytes of a text.
 */
export function fitMessage(event: ReeflineEvent, bytesOf: (text: string) => number): FittedMessage {
  let fitted = written(inDocumentedOrder(withoutContext(event)));
  const fits = ({ json }: FittedMessage): boolean =>
    json.length * BYTES_OF_UNIT <= MAX_EVENT_BYTES || bytesOf(json) <= MAX_EVENT_BYTES;
  const omitted: string[] = [];
  for (const field of LONG_FIELDS) {
    if (fits(fitted)) return fitted;
    const list = new Map<string, unknown>(Object.entries(fitted.event)).get(field);
    if (!Array.isArray(list) || list.length === 0) continue;
    omitted.push(field);
    fitted = written({ ...fitted.event, [field]: [], omitted });
  }
  const { event: sent } = fitted;
  if (!('error' in sent) || sent.error === null || fits(fitted)) return fitted;
  return written({ ...sent, error: { ...sent.error, facts: {} }, omitted: [...omitted, 'error.facts'] });
}

function written(event: SentEvent): FittedMessage {
  return { event, json: JSON.stringify(event) };
}
