import { cloudEvent } from './cloud-event.ts';
import type { ReeflineEvent } from './data-event.ts';
import type { MessageFormat } from './endpoint.ts';
import { fitMessage, MAX_EVENT_BYTES, type SentEvent } from './fit-message.ts';
import { NO_LINEAGE, openLineageEvent, type EventLineage } from './open-lineage.ts';

/** An event that is to be written into a message. */
export interface MessageEvent {
  readonly event: ReeflineEvent;
  /** Its place in the event log. */
  readonly seq: number;
  /** A person had it sent once more. */
  readonly replayed: boolean;
  /** For `cloudevents`: the `traceparent` of its delivery and what goes beside it, where there is one. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** For `openlineage`, where something is known. */
  readonly lineage?: EventLineage | undefined;
}

/** What is done with texts at the edge. */
export interface TextTools {
  /** UTF-8 bytes of a text. */
  readonly bytesOf: (text: string) => number;
  /** A UUID that is the same for the same text. */
  readonly uuidOf: (text: string) => string;
}

/** The text of a message in the format of its endpoint. */
export function messageBody(message: MessageEvent, format: MessageFormat, tools: TextTools): string {
  const { seq, replayed, traceparent, tracestate } = message;
  const { event: sent, json } = fitMessage(message.event, tools.bytesOf);
  switch (format) {
    case 'data-event':
      return replayed ? JSON.stringify({ ...sent, replayed }) : json;
    case 'cloudevents':
      return JSON.stringify(cloudEvent(sent, seq, { replayed, traceparent, tracestate }));
    case 'openlineage':
      return lineageBody(sent, message, tools);
  }
}

/** Without the columns, and at last without the inputs, when it would be too long with them. */
function lineageBody(
  sent: SentEvent,
  { replayed, lineage = NO_LINEAGE }: MessageEvent,
  { bytesOf, uuidOf }: TextTools,
): string {
  const write = (known: EventLineage): string =>
    JSON.stringify(openLineageEvent(sent, known, replayed, uuidOf));
  const narrower = [lineage, { ...lineage, columns: null }].map(write);
  return (
    narrower.find((body) => bytesOf(body) <= MAX_EVENT_BYTES) ??
    write({ ...lineage, columns: null, inputs: [] })
  );
}
