import type { FailureClass } from './failure.ts';

/** A message on its way to an endpoint. */
export interface OutgoingMessage {
  /** See messageIdOf: the same however often it is tried. */
  readonly id: string;
  /** What is kept in order where an order is kept: the dataset. */
  readonly group: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The id of a message: that of its event, and of its replay when it is one, or a receiver that drops what it has seen would
 * drop what was asked for on purpose.
 */
export function messageIdOf(eventId: string, replay: string | null): string {
  return replay === null ? eventId : `${eventId}#${replay}`;
}

/** Why a receiver did not take a message. */
export interface SendError {
  readonly failureClass: FailureClass;
  readonly message: string;
  /** The receiver's own name of the error, where it has one. */
  readonly code?: string;
}

export interface SendResult {
  readonly id: string;
  /** The receiver's own id of a message that it took; null where it gives none. */
  readonly messageId: string | null;
  readonly error: SendError | null;
  /** Seconds for which the receiver asks to be left alone. */
  readonly retryAfter?: number;
  /** The receiver wants nothing of it ever again: it is not tried again, whatever the class of the error. */
  readonly final?: boolean;
}

/** What became of each message that was tried, by its id. */
export type SendResults = ReadonlyMap<string, SendResult>;

/** What sends to one endpoint. */
export interface Sender {
  /** True when the messages of a group have to be taken one after the other, also over several calls. */
  readonly ordered: boolean;
  /**
   * Sends messages in their order and never throws. A message that was not tried, because `time` was over or one before it failed,
   * has no result: it is owed as before.
   */
  readonly send: (messages: readonly OutgoingMessage[], time: AbortSignal) => Promise<SendResults>;
}
