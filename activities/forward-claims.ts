import type { ClaimedDelivery } from '../catalog/outbox.ts';
import type { OutgoingMessage, SendResults } from '../pipeline/outgoing.ts';

/** Deliveries of one claim, and the messages that they become. */
export interface Claim {
  readonly deliveries: readonly ClaimedDelivery[];
  readonly messages: readonly OutgoingMessage[];
  /** Over when no message of the claim is to be sent any more. */
  readonly time: AbortSignal;
}

/** What came of sending a claim, and from when to when, in milliseconds since the Unix epoch. */
export interface Sending {
  readonly results: SendResults;
  readonly from: number;
  readonly to: number;
}

/** What is done with claims. Only `send` never throws. */
export interface ClaimSteps {
  /** Claims what is owed: nothing when nothing is due. */
  readonly take: () => Promise<Claim>;
  readonly send: (claim: Claim) => Promise<Sending>;
  /** Keeps what became of the messages that have a result, and owes the others as before. */
  readonly mark: (claim: Claim, sending: Sending) => Promise<void>;
  /** Owes a claim as before, of which nothing was sent. */
  readonly giveBack: (claim: Claim) => Promise<void>;
}

export interface ClaimLimits {
  /** Claims that are sent at most. */
  readonly claims: number;
  /** Deliveries of a full claim. */
  readonly full: number;
  /** Over when nothing more is to be claimed. */
  readonly time: AbortSignal;
  /** True when a claim may be taken only after the one before it was marked, because order depends on what became of it. */
  readonly ordered: boolean;
}

/**
 * Takes, sends and marks one claim after the other until nothing is due, a message failed, or a limit is reached. While the
 * receiver takes all that it is sent, the claim before is marked and the next one is taken beside the sending, which is what
 * forwarding waits for; of a receiver that is slow or ill, nothing is claimed ahead. At most three claims are in hand, and the catalog is
 * asked one thing at a time. What was claimed and is not sent is given back, also when a step throws; when the process dies it is
 * owed again as the claim ends.
 */
export async function forwardClaims(
  { take, send, mark, giveBack }: ClaimSteps,
  { claims, full, time, ordered }: ClaimLimits,
): Promise<void> {
  let marked: Promise<void> = Promise.resolve();
  let ahead: Promise<Claim> | undefined;
  let well = false;
  try {
    for (let sent = 1; sent <= claims && !time.aborted; sent += 1) {
      const claim = await (ahead ?? marked.then(take));
      ahead = undefined;
      if (claim.deliveries.length === 0) break;
      if (well && !ordered && claim.deliveries.length === full && sent < claims)
        ahead = heard(marked.then(take));
      const sending = await send(claim);
      const { results } = sending;
      marked = heard(afterwards(marked, () => mark(claim, sending)));
      if ([...results.values()].some(({ error }) => error !== null)) break;
      well = results.size === claim.messages.length;
      if (!well) {
        // What is left of it goes first.
        const taken = ahead;
        ahead = undefined;
        await giveBackAhead(taken, giveBack);
      }
    }
  } finally {
    try {
      await giveBackAhead(ahead, giveBack);
    } finally {
      await marked;
    }
  }
}

async function giveBackAhead(
  ahead: Promise<Claim> | undefined,
  giveBack: ClaimSteps['giveBack'],
): Promise<void> {
  const claim = await ahead?.catch(() => undefined);
  if (claim !== undefined && claim.deliveries.length > 0) await giveBack(claim);
}

/** Also when what goes before it failed: messages that were taken have to be marked whatever happened to others. */
async function afterwards(before: Promise<void>, work: () => Promise<void>): Promise<void> {
  try {
    await before;
  } finally {
    await work();
  }
}

/** It is awaited later; until then its failure must not end the process. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
