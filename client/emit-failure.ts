import type { OutgoingEvent } from './outgoing-event.ts';
import type { EndReason, GivenUp } from './persist.ts';

/** What became of the events of a call, in the order in which they were given. */
export interface Fate {
  /** The server has them. */
  readonly sent: readonly OutgoingEvent[];
  /** An answer was lost: the server may have them. */
  readonly uncertain: readonly OutgoingEvent[];
  /** The server does not have them. */
  readonly unsent: readonly OutgoingEvent[];
}

/**
 * An emit that gave up. Sending all events again is safe: the same content has the same id, and an id counts once.
 * `cause` is the last error of the Temporal client.
 */
export class EmitFailure extends Error implements Fate {
  override readonly name = 'EmitFailure';
  readonly reason: EndReason;
  /** Workflow id of the router. */
  readonly router: string;
  readonly attempts: number;
  readonly sent: readonly OutgoingEvent[];
  readonly uncertain: readonly OutgoingEvent[];
  readonly unsent: readonly OutgoingEvent[];

  constructor(
    { reason, message, cause }: Pick<GivenUp, 'reason' | 'message' | 'cause'>,
    { router, attempts }: { router: string; attempts: number },
    { sent, uncertain, unsent }: Fate,
  ) {
    const total = sent.length + uncertain.length + unsent.length;
    super(
      `Of ${String(total)} events for ${router}, ${String(sent.length)} were sent, ${String(uncertain.length)} may ` +
        `have been sent and ${String(unsent.length)} were not. ${message} ` +
        'Sending all of them again is safe: the same event has the same id and counts once.',
      { cause },
    );
    this.reason = reason;
    this.router = router;
    this.attempts = attempts;
    this.sent = sent;
    this.uncertain = uncertain;
    this.unsent = unsent;
  }
}
