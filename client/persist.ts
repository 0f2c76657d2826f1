import { backOff } from './back-off.ts';
import { readFailure, type CallFailure } from './call-failure.ts';
import type { Clock } from './clock.ts';

/** How long an emit goes on trying. */
export interface Patience {
  readonly clock: Clock;
  /** Milliseconds in all, and the instant at which they are over. */
  readonly timeout: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

/** What one call is given. */
export interface CallLimits {
  /** Milliseconds since the Unix epoch. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

export type EndReason = 'timeout' | 'aborted' | 'refused';

/** A call that did not succeed and is not tried again. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
  readonly reason: EndReason;
  readonly routerEnded: boolean;

  constructor(reason: EndReason, message: string, options: { cause: unknown; routerEnded?: boolean }) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.routerEnded = options.routerEnded ?? false;
  }
}

/**
 * Longest that one attempt takes, in milliseconds. The Temporal client repeats a call by itself, ten times with waits up
 * to 5 s, and knows nothing of us. Within 10 s that makes about eight calls, then our own wait; so the two together
 * never call more than about once a second for long, where ten of ours times ten of its would be a hundred.
 */
const ATTEMPT = 10_000;

/**
 * Calls until it succeeds. Each failure is told; what does not pass by itself ends it at once.
 * @throws GivenUp
 */
export async function persist<T>(
  call: (limits: CallLimits) => Promise<T>,
  { clock, timeout, end, signal }: Patience,
  tell: (failure: CallFailure) => void,
): Promise<T> {
  let last: { reason: string; cause: unknown } = { reason: 'no time was left', cause: undefined };
  const over = (): GivenUp => {
    const message = `It did not succeed within ${String(timeout / 1000)} s: ${last.reason}.`;
    return new GivenUp('timeout', message, { cause: last.cause });
  };
  const isAborted = (): boolean => signal?.aborted ?? false;
  for (let failures = 1; ; failures += 1) {
    if (isAborted()) throw aborted(signal);
    if (clock.now() >= end) throw over();
    try {
      return await call({ deadline: Math.min(clock.now() + ATTEMPT, end), signal });
    } catch (error) {
      if (isAborted()) {
        tell({ kind: 'passing', mayHaveArrived: true, reason: 'the caller aborted it' });
        throw aborted(signal);
      }
      const failure = readFailure(error);
      tell(failure);
      if (failure.kind === 'lasting') {
        throw new GivenUp('refused', failure.reason, { cause: error, routerEnded: failure.routerEnded });
      }
      last = { reason: failure.reason, cause: error };
    }
    const wait = backOff(failures, clock.random());
    if (clock.now() + wait >= end) throw over();
    await clock.sleep(wait, signal);
  }
}

function aborted(signal: AbortSignal | undefined): GivenUp {
  return new GivenUp('aborted', 'The caller aborted it.', { cause: signal?.reason });
}
