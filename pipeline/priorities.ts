/*
 * What goes first where several wait for the same worker, as Temporal's priorities, of which 1 is the highest and 3 what is not
 * told otherwise. A child has that of its parent unless it is given its own.
 */

/** Routers are few, and what waits for them is everything. */
export const ROUTER_PRIORITY = { priorityKey: 1 } as const;

/** Runs of events, schedules and people, and publishers. */
export const LIVE_PRIORITY = { priorityKey: 3 } as const;

/** The lowest of the five: live work goes before it. */
export const BACKFILL_PRIORITY = { priorityKey: 5 } as const;
