import { LARGE_HISTORY_BYTES, splitIntoSignals } from '../pipeline/signal-size.ts';
import { RouterFull, type CallFailure } from './call-failure.ts';
import { EmitFailure, type Fate } from './emit-failure.ts';
import { GivenUp, persist, type CallLimits, type Patience } from './persist.ts';
import type { CheckedEvent } from './read-outgoing.ts';
import type { RouterLink } from './router-link.ts';

/** What an emit did. */
export interface Emitted {
  readonly events: number;
  readonly signals: number;
  /** Calls that the emitter made, from one per signal on; the Temporal client may have repeated each of them. */
  readonly attempts: number;
  /** Workflow id of the router. */
  readonly router: string;
}

type Send = (events: readonly CheckedEvent[], patience: Patience) => Promise<Emitted>;
type Signal = readonly CheckedEvent[];

/** UTF-16 units of JSON that are sent before looking again how much the router holds. */
const LOOK_AFTER = 1_000_000;

/** Sends events in order, one signal after the other, and says of each whether the server has it. */
export function orderlySender(router: RouterLink): Send {
  let unseen = 0;
  return async (events, patience) => {
    const signals = splitIntoSignals(events);
    const progress = { attempts: 0, sent: 0, uncertain: false };
    try {
      for (const signal of signals) {
        const size = signal.reduce((sum, event) => sum + event.size, 0);
        if (unseen + size > LOOK_AFTER) {
          await persist(
            (limits) => untilItHasRoom(router, limits),
            patience,
            () => undefined,
          );
          unseen = 0;
        }
        unseen += size;
        await sendOne(router, signal, patience, progress);
      }
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      throw new EmitFailure(
        error,
        { router: router.id, attempts: progress.attempts },
        fateOf(signals, progress, error),
      );
    }
    return { events: events.length, signals: signals.length, attempts: progress.attempts, router: router.id };
  };
}

interface Progress {
  attempts: number;
  /** Signals that the server has. */
  sent: number;
  /** True when it may have the one after those. */
  uncertain: boolean;
}

async function sendOne(
  router: RouterLink,
  signal: Signal,
  patience: Patience,
  progress: Progress,
): Promise<void> {
  const payload = signal.map(({ travelling }) => travelling);
  const call = (limits: CallLimits): Promise<void> => {
    progress.attempts += 1;
    return router.signal(payload, limits);
  };
  await persist(call, patience, (failure: CallFailure) => {
    if (failure.kind === 'passing' && failure.mayHaveArrived) progress.uncertain = true;
  });
  progress.sent += 1;
  progress.uncertain = false;
}

async function untilItHasRoom(router: RouterLink, limits: CallLimits): Promise<void> {
  const held = await router.historySize(limits);
  if (held > LARGE_HISTORY_BYTES) throw new RouterFull(held);
}

/** When the server has ended the router, nobody knows how much of what it got had been accepted. */
function fateOf(signals: readonly Signal[], { sent, uncertain }: Progress, { routerEnded }: GivenUp): Fate {
  const reached = sent + (uncertain ? 1 : 0);
  const events = (from: number, to?: number): Fate['sent'] =>
    signals.slice(from, to).flatMap((signal) => signal.map(({ given }) => given));
  const sure = routerEnded ? 0 : sent;
  return { sent: events(0, sure), uncertain: events(sure, reached), unsent: events(reached) };
}
