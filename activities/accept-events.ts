import { createHash } from 'node:crypto';
import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import {
  appendEvents,
  appendRejections,
  appendVerdicts,
  pairKey,
  readLogged,
  type LoggedState,
  type RejectedMessage,
  type VerdictRow,
} from '../catalog/event-log.ts';
import { lockLabels, openTargets, type OpenedTarget } from '../catalog/ledger.ts';
import { eventTime, MAX_ERROR_TEXT, type DataEvent, type ReeflineEvent } from '../pipeline/data-event.ts';
import {
  readIncoming,
  type IncomingData,
  type IncomingMetadata,
  type Malformed,
} from '../pipeline/incoming.ts';
import {
  findDataset,
  targetsOf,
  type KnownDataset,
  type RoutingTable,
  type Target,
} from '../pipeline/routing.ts';
import { stepOf, type RunStep } from '../pipeline/run-plan.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { storableText } from '../pipeline/storable.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { verdictOf } from '../pipeline/verdict.ts';

/** A run that the router has to start or to tell. Recorded in histories: fields are only ever added. */
export interface RouteAction {
  readonly pipeline: string;
  readonly stage: string;
  readonly timelabel: string;
  readonly dataset: string;
  /** `tell`: the run has begun, so it is only told that its inputs changed. */
  readonly kind: 'start' | 'tell';
  readonly step: RunStep | null;
}

export interface Acceptance {
  readonly actions: readonly RouteAction[];
  /** Endpoints that are owed something new. */
  readonly endpoints: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
}

interface Arrival {
  readonly id: string;
  readonly incoming: IncomingData | IncomingMetadata;
  readonly known: KnownDataset;
}

/** JSON escapes that PostgreSQL's jsonb refuses: NUL and unpaired surrogates. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;
const UNSTORABLE_TEXT: Malformed = {
  kind: 'malformed',
  field: '',
  reason: 'The event holds a NUL character or an unpaired surrogate, which no database takes.',
};

/** Most of a rejected message that is kept, in UTF-16 units. */
const KEPT_RAW = 65_536;

/**
 * Accepts a batch of messages in one transaction: deduplicates, numbers and logs events, records rejections, owes
 * deliveries, decides every dependent and opens the runs whose inputs are complete. Never fails because of what a
 * message says. A repeated call writes nothing twice and returns the runs that nobody has begun yet.
 */
export async function acceptEvents(
  db: pg.Pool,
  configs: ConfigStore,
  router: string,
  messages: readonly unknown[],
): Promise<Acceptance> {
  return inTransaction(db, async (client) => {
    const table = await configs.current(client);
    const { arrivals, rejections } = readMessages(table, messages);
    const pairs = arrivals.map(({ incoming, known }) => ({
      dataset: known.dataset,
      timelabel: incoming.timelabel,
    }));
    const routed = arrivals.flatMap((arrival) => routesOf(table, arrival));
    const targets = uniqueTargets(routed.filter((route) => route.counts).map((route) => route.target));
    await lockLabels(client, [
      ...pairs,
      ...targets.map(({ stage, timelabel }) => ({ dataset: stage.output, timelabel })),
    ]);
    const logged = await readLogged(
      client,
      arrivals.map(({ id }) => id),
      pairs,
    );
    const numbered = numberEvents(arrivals, logged);
    const endpoints = await appendEvents(client, numbered.events, [...logged.known], router);
    await appendRejections(client, [...rejections, ...numbered.rejections], router);
    const causes = (target: Target): string[] =>
      routed.filter((route) => route.counts && isSame(route.target, target)).map((route) => route.eventId);
    const opened = await openTargets(client, table, targets, { trigger: 'event', rerun: null }, causes);
    const refused = new Set(numbered.rejections.map((rejection) => rejection.id));
    const verdicts = routed
      .filter((route) => !refused.has(route.eventId))
      .map((route) => verdictRow(route, opened, logged));
    await appendVerdicts(client, verdicts, table.configVersion);
    return {
      actions: opened.flatMap(actionOf),
      endpoints,
      accepted: numbered.events.length,
      rejected: rejections.length + numbered.rejections.length,
    };
  });
}

function readMessages(
  table: RoutingTable,
  messages: readonly unknown[],
): { arrivals: Arrival[]; rejections: RejectedMessage[] } {
  const arrivals = new Map<string, Arrival>();
  const rejections: RejectedMessage[] = [];
  for (const message of messages) {
    const incoming = UNSTORABLE.test(canonical(message)) ? UNSTORABLE_TEXT : readIncoming(message);
    if (incoming.kind === 'malformed') {
      rejections.push(rejection(message, incoming.field, incoming.reason));
      continue;
    }
    const found = findDataset(table, incoming);
    if ('reason' in found) {
      rejections.push(rejection(message, found.field, found.reason));
      continue;
    }
    const id = incoming.eventId ?? `outside/${hashOf(canonical(message)).slice(0, 32)}`;
    if (!arrivals.has(id)) arrivals.set(id, { id, incoming, known: found.known });
  }
  return { arrivals: [...arrivals.values()], rejections };
}

function rejection(message: unknown, field: string, reason: string): RejectedMessage {
  const raw = canonical(message);
  // PostgreSQL's text and jsonb take no NUL.
  return {
    fingerprint: hashOf(raw),
    field,
    reason,
    raw: storableText(raw, KEPT_RAW).replaceAll('\\u0000', '\\\\u0000'),
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** JSON with sorted keys, so that the same content has the same id however it was written. */
function canonical(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  // undefined has no JSON; it stands for a signal without a payload.
  return value === undefined ? 'null' : JSON.stringify(value, sorted);
}

interface Route {
  readonly eventId: string;
  readonly incoming: IncomingData;
  readonly dataset: string;
  readonly target: Target;
  readonly input: StageInput;
  /** False when the dependent does not listen to the event's status. */
  readonly counts: boolean;
}

function routesOf(table: RoutingTable, { id, incoming, known }: Arrival): Route[] {
  if (incoming.kind !== 'data') return [];
  return targetsOf(table, known.dataset, incoming.timelabel).map(({ input, ...target }) => ({
    eventId: id,
    incoming,
    dataset: known.dataset,
    target,
    input,
    counts: input.on.includes(incoming.status),
  }));
}

function isSame(a: Target, b: Target): boolean {
  return a.stage.id === b.stage.id && a.timelabel === b.timelabel;
}

function uniqueTargets(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.stage.id}@${target.timelabel}`, target])).values()];
}

/** Gives each new event its revision and its full form; refuses a revision that the label already has. */
function numberEvents(
  arrivals: readonly Arrival[],
  logged: LoggedState,
): { events: ReeflineEvent[]; rejections: (RejectedMessage & { id: string })[] } {
  const events: ReeflineEvent[] = [];
  const rejections: (RejectedMessage & { id: string })[] = [];
  const highest = new Map(logged.highest);
  const loggedRevisions = new Map(logged.logged);
  for (const arrival of arrivals) {
    if (logged.known.has(arrival.id)) continue;
    const { incoming, known } = arrival;
    const key = pairKey({ dataset: known.dataset, timelabel: incoming.timelabel });
    const next = (highest.get(key) ?? 0) + 1;
    if (incoming.kind === 'metadata') {
      events.push(completeMetadata(arrival.id, incoming, known, incoming.revision ?? Math.max(1, next - 1)));
      continue;
    }
    // A stage's own event carries the revision that the ledger gave it; anybody else's must be newer than all.
    const own = incoming.stage !== undefined && incoming.stage === known.producer;
    const taken = own ? (loggedRevisions.get(key) ?? 0) : next - 1;
    const revision = incoming.revision ?? next;
    if (!own && revision <= taken) {
      const reason = `Revision ${String(revision)} of ${known.dataset} ${incoming.timelabel} is already there (the newest is ${String(taken)}). Leave out "revision" to get the next one.`;
      rejections.push({ id: arrival.id, ...rejection(incoming, 'revision', reason) });
      continue;
    }
    highest.set(key, Math.max(revision, next - 1));
    loggedRevisions.set(key, Math.max(revision, loggedRevisions.get(key) ?? 0));
    events.push(completeData(arrival.id, incoming, known, revision));
  }
  return { events, rejections };
}

function completeData(id: string, incoming: IncomingData, known: KnownDataset, revision: number): DataEvent {
  const now = eventTime(Date.now());
  const end = incoming.endTime ?? incoming.updateTime ?? now;
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
  };
}

function completeMetadata(
  id: string,
  incoming: IncomingMetadata,
  known: KnownDataset,
  revision: number,
): ReeflineEvent {
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
    time: incoming.time ?? eventTime(Date.now()),
  };
}

function verdictRow(route: Route, opened: readonly OpenedTarget[], logged: LoggedState): VerdictRow {
  const { eventId, incoming, target } = route;
  const base = { eventId, stage: target.stage.id, timelabel: target.timelabel };
  if (!route.counts) {
    return {
      ...base,
      verdict: 'filtered',
      reason: `${target.stage.id} listens to ${route.input.on.join(', ')} of ${route.dataset}`,
    };
  }
  const newest = logged.logged.get(pairKey({ dataset: route.dataset, timelabel: incoming.timelabel })) ?? 0;
  if (incoming.revision !== undefined && incoming.revision < newest) {
    return {
      ...base,
      verdict: 'stale',
      reason: `revision ${String(newest)} of ${route.dataset} is already there`,
    };
  }
  const found = opened.find((candidate) => isSame(candidate, target));
  if (found === undefined)
    throw new Error(`No opening was decided for ${target.stage.id} ${target.timelabel}.`);
  return { ...base, ...verdictOf(found.opening) };
}

function actionOf({ stage, timelabel, opening, begun }: OpenedTarget): RouteAction[] {
  if (opening.kind === 'nothing-new') return [];
  const base = { pipeline: stage.pipeline, stage: stage.id, timelabel, dataset: stage.output };
  if (opening.kind === 'run' && opening.alreadyOpen && begun) return [{ ...base, kind: 'tell', step: null }];
  return [{ ...base, kind: 'start', step: stepOf(stage, opening, stageQueue(stage)) }];
}
