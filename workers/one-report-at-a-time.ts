import type { ReportEvents } from '../activities/report-events.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { endOfSignal, type Parcel } from '../pipeline/signal-size.ts';

interface Owed extends Parcel {
  readonly events: readonly ReeflineEvent[];
  readonly settle: (sending: Promise<void>) => void;
}

/**
 * Hands over the events of one pipeline in one call at a time, and with it everything that was reported while the one before was on
 * its way. A hundred runs that end together otherwise queue for the lock of the same router's workflow, and the server turns the
 * losers away to try again a second later. A single event is handed over at once.
 */
export function oneReportAtATime(send: ReportEvents): ReportEvents {
  const owed = new Map<string, Owed[]>();
  const drain = async (pipeline: string, waiting: Owed[]): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, endOfSignal(waiting));
      const sending = send(
        pipeline,
        batch.flatMap(({ events }) => events),
      );
      for (const { settle } of batch) settle(sending);
      // Those who reported the events hear of a failure and try again.
      await sending.catch(() => undefined);
    }
    owed.delete(pipeline);
  };
  return (pipeline, events) =>
    new Promise((settle) => {
      const entry = { events, count: events.length, size: JSON.stringify(events).length, settle };
      const waiting = owed.get(pipeline);
      if (waiting !== undefined) {
        waiting.push(entry);
        return;
      }
      const first = [entry];
      owed.set(pipeline, first);
      void drain(pipeline, first);
    });
}
