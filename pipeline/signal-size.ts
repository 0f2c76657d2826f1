/** Most events that one signal carries: a router accepts as many in one transaction. */
export const MOST_EVENTS = 100;

/**
 * Most JSON that one signal carries, in UTF-16 units. The server refuses 2 MiB, and a unit is at most three bytes of
 * UTF-8, so that 1.5 MB is the worst.
 */
export const MOST_TEXT = 500_000;

/**
 * Largest event that a sender may give, in bytes of UTF-8: a router hands up to a hundred events at a time to the
 * catalog, whoever sent them, and together they must stay below the 2 MiB of a payload.
 */
export const MOST_EVENT_BYTES = 20_000;

/**
 * Largest data event that a router takes from whoever signals it, and largest message of an inbound queue, in bytes of
 * UTF-8. What is larger is refused with the reason, and the beginning of it is kept.
 */
export const MOST_MESSAGE_BYTES = 262_144;

/**
 * Bytes of a router's history above which senders let it work first, and it keeps to no rate. The server ends an execution above 50 MB
 * together with all that it has not accepted, and accepting takes as much room again. A router that has a worker begins a new history at
 * 4 MB, as the server suggests.
 */
export const LARGE_HISTORY_BYTES = 8 * 1024 * 1024;

/** Something that goes into a signal whole: how many events it is and how long their JSON is, in UTF-16 units. */
export interface Parcel {
  readonly count: number;
  readonly size: number;
}

/** Where the signal ends that begins with the parcel at `from`: it takes at least that one, however large it is. */
export function endOfSignal(parcels: readonly Parcel[], from = 0): number {
  let count = 0;
  let size = 0;
  for (let at = from; at < parcels.length; at += 1) {
    count += parcels[at]?.count ?? 0;
    size += parcels[at]?.size ?? 0;
    if (at > from && (count > MOST_EVENTS || size > MOST_TEXT)) return at;
  }
  return parcels.length;
}

/** The parcels of each signal, in order. */
export function splitIntoSignals<P extends Parcel>(parcels: readonly P[]): readonly (readonly P[])[] {
  const signals: (readonly P[])[] = [];
  for (let from = 0; from < parcels.length;) {
    const end = endOfSignal(parcels, from);
    signals.push(parcels.slice(from, end));
    from = end;
  }
  return signals;
}
