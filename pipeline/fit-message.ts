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
  if (event.event_type === 'endpoint') return event;
  const { traceparent: _, ...others } = event;
  return others;
}

/**
 * The event with its documented fields first, as it is when it fits; else without its long lists and at last without the
 * facts of its error, one after the other until it fits. `bytesOf` counts the UTF-8 bytes of a text.
 */
export function fitMessage(event: ReeflineEvent, bytesOf: (text: string) => number): SentEvent {
  let fitted: SentEvent = inDocumentedOrder(withoutContext(event));
  const omitted: string[] = [];
  for (const field of LONG_FIELDS) {
    if (bytesOf(JSON.stringify(fitted)) <= MAX_EVENT_BYTES) break;
    const list = new Map<string, unknown>(Object.entries(fitted)).get(field);
    if (!Array.isArray(list) || list.length === 0) continue;
    omitted.push(field);
    fitted = { ...fitted, [field]: [], omitted };
  }
  if (!('error' in fitted) || fitted.error === null || bytesOf(JSON.stringify(fitted)) <= MAX_EVENT_BYTES)
    return fitted;
  return { ...fitted, error: { ...fitted.error, facts: {} }, omitted: [...omitted, 'error.facts'] };
}
