import { cloudEvent } from './cloud-event.ts';
import type { ReeflineEvent } from './data-event.ts';
import type { MessageFormat } from './endpoint.ts';
import { fitMessage } from './fit-message.ts';

/** An event that is to be written into a message. */
export interface MessageEvent {
  readonly event: ReeflineEvent;
  /** Its place in the event log. */
  readonly seq: number;
  /** A person had it sent once more. */
  readonly replayed: boolean;
}

/** The text of a message in the format of its endpoint. `bytesOf` counts the UTF-8 bytes of a text. */
export function messageBody(
  { event, seq, replayed }: MessageEvent,
  format: MessageFormat,
  bytesOf: (text: string) => number,
): string {
  const sent = fitMessage(event, bytesOf);
  if (format === 'cloudevents') return JSON.stringify(cloudEvent(sent, seq, replayed));
  return JSON.stringify(replayed ? { ...sent, replayed } : sent);
}
