import {
  eventTime,
  MAX_ERROR_TEXT,
  type DataEvent,
  type MetadataEvent,
  type ReeflineEvent,
} from './data-event.ts';
import type { IncomingData, IncomingMetadata } from './incoming.ts';
import type { KnownDataset } from './routing.ts';
import { storableText } from './storable.ts';
import { traceContext } from './traceparent.ts';

/** A message that is an event of a known dataset, with the id that it has or gets. */
export interface Arrival {
  readonly id: string;
  readonly incoming: IncomingData | IncomingMetadata;
  readonly known: KnownDataset;
  /** true: a run made it that began under another configuration. */
  readonly made?: true;
  /** true: its dataset or its label is none of the configuration in force, so nothing depends on it. */
  readonly unrouted?: true;
}

/** True of an event of the stage that makes the dataset, or of one that made it under another configuration. */
export function isOwn({ incoming, known, made }: Arrival): boolean {
  return made === true || (incoming.stage !== undefined && incoming.stage === known.producer);
}

/** What the log already holds about messages that arrive: their ids, and the revisions of their labels. */
export interface LoggedState {
  readonly known: ReadonlySet<string>;
  /** Highest revision by label (`pairKey`), of events and of runs; absent when there is none. */
  readonly highest: ReadonlyMap<string, number>;
  /** Highest revision by label among logged data events. */
  readonly logged: ReadonlyMap<string, number>;
}

export interface LabelPair {
  readonly dataset: string;
  readonly timelabel: string;
}

export function pairKey(pair: LabelPair): string {
  return `${pair.dataset}@${pair.timelabel}`;
}

export interface RefusedArrival {
  readonly arrival: Arrival;
  readonly field: string;
  readonly reason: string;
}

/**
 * Gives each new event its revision and its full form; refuses a revision that the label already has. `now` fills in
 * times that the sender left out, in milliseconds since the Unix epoch.
 */
export function numberEvents(
  arrivals: readonly Arrival[],
  logged: LoggedState,
  now: number,
): { readonly events: readonly ReeflineEvent[]; readonly refused: readonly RefusedArrival[] } {
  const events: ReeflineEvent[] = [];
  const refused: RefusedArrival[] = [];
  const highest = new Map(logged.highest);
  const loggedRevisions = new Map(logged.logged);
  for (const arrival of arrivals) {
    if (logged.known.has(arrival.id)) continue;
    const { incoming, known } = arrival;
    const key = pairKey({ dataset: known.dataset, timelabel: incoming.timelabel });
    const next = (highest.get(key) ?? 0) + 1;
    if (incoming.kind === 'metadata') {
      events.push(
        completeMetadata(arrival.id, incoming, known, incoming.revision ?? Math.max(1, next - 1), now),
      );
      continue;
    }
    // A stage's own event carries the revision that the ledger gave it; anybody else's must be newer than all.
    const own = isOwn(arrival);
    const taken = own ? (loggedRevisions.get(key) ?? 0) : next - 1;
    const revision = incoming.revision ?? next;
    if (!own && revision <= taken) {
      const reason = `Revision ${String(revision)} of ${known.dataset} ${incoming.timelabel} is already there (the newest is ${String(taken)}). Leave out "revision" to get the next one.`;
      refused.push({ arrival, field: 'revision', reason });
      continue;
    }
    highest.set(key, Math.max(revision, next - 1));
    loggedRevisions.set(key, Math.max(revision, loggedRevisions.get(key) ?? 0));
    events.push(completeData(arrival.id, incoming, known, revision, now));
  }
  return { events, refused };
}

function completeData(
  id: string,
  incoming: IncomingData,
  known: KnownDataset,
  revision: number,
  now: number,
): DataEvent {
  const end = incoming.endTime ?? incoming.updateTime ?? eventTime(now);
  return {
    event_type: 'data',
    type: incoming.type,
    schema: incoming.schema,
    table: incoming.table,
    timelabel: incoming.timelabel,
    status: incoming.status,
    startTime: incoming.startTime ?? end,
    updateTime: incoming.updateTime ?? end,
    endTime: end,
    eventId: id,
    dataset: known.dataset,
    revision,
    pipeline: incoming.pipeline ?? null,
    stage: incoming.stage ?? null,
    runId: incoming.runId ?? null,
    causedBy: incoming.causedBy,
    rows: incoming.rows,
    bytes: incoming.bytes,
    uri: incoming.uri,
    error:
      incoming.error === null
        ? null
        : { ...incoming.error, message: storableText(incoming.error.message, MAX_ERROR_TEXT) },
    configVersion: incoming.configVersion,
    outcome: incoming.outcome,
    ...(incoming.propagates ? {} : { propagates: false }),
    ...(incoming.backfill === undefined ? {} : { backfill: incoming.backfill }),
    ...(incoming.missing === undefined ? {} : { missing: incoming.missing }),
    ...(incoming.checks === undefined ? {} : { checks: incoming.checks }),
    ...traceContext(incoming),
  };
}

function completeMetadata(
  id: string,
  incoming: IncomingMetadata,
  known: KnownDataset,
  revision: number,
  now: number,
): MetadataEvent {
  const { change, before, after, type, schema, table, timelabel } = incoming;
  return {
    event_type: 'metadata',
    change,
    before,
    after,
    type,
    schema,
    table,
    timelabel,
    eventId: id,
    dataset: known.dataset,
    revision,
    pipeline: incoming.pipeline ?? null,
    stage: incoming.stage ?? null,
    runId: incoming.runId ?? null,
    time: incoming.time ?? eventTime(now),
    ...traceContext(incoming),
  };
}
