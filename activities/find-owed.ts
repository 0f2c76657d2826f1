import {
  ageOfConfig,
  readDueEndpoints,
  readFreeHolds,
  readUnfinishedBackfills,
  withoutHeld,
} from '../catalog/findings.ts';
import { readGivenUpLately, type GivenUpRun } from '../catalog/open-runs.ts';
import { readOwedEvents, readReceived, type OwedEvents } from '../catalog/owed-events.ts';
import { readJoinsToTell } from '../catalog/joins-to-tell.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { backfillId, publisherId, routerId, runId } from '../pipeline/ids.ts';
import type { Project } from '../pipeline/project.ts';
import { routerCount, routerOf } from '../pipeline/routers.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { abreast } from './abreast.ts';
import { rejection } from './read-messages.ts';
import { ABREAST, MOST, type Look, type Search, type SweepTools } from './sweep-tools.ts';

const ONE_ROUND = { next: null, mark: null } as const;

/** A router that has work may have the events in its queue; after so many seconds nobody relies on that. */
const ROUTER_PATIENCE = 900;

/**
 * Events that the ledger owes: neither in the log nor among what was rejected, and on nobody's way there. A run that
 * works may be trying to signal them, and their router, when it works, may have them in its queue.
 */
export async function findUnreportedEvents(tools: SweepTools, { age, from }: Search): Promise<Look> {
  const { rows, next, upTo } = await readOwedEvents(tools.db, from, age, MOST);
  const { project } = await tools.configs.current(tools.db);
  const owed = (await withoutReceived(tools, rows)).map((row) => ({
    ...row,
    router: routerOfRun(project, row),
  }));
  const routers = [...new Set(owed.map(({ router }) => router))];
  const states = await abreast(routers, ABREAST, (router) => tools.control.stateOf(routerId(router)));
  const busy = routers.filter((_, at) => states[at] === 'working');
  const runs = await abreast(owed, ABREAST, ({ stage, timelabel }) => {
    tools.beat();
    return tools.control.stateOf(runId(stage, timelabel));
  });
  const lost = owed.filter(
    (row, at) => runs[at] !== 'working' && (row.age > ROUTER_PATIENCE || !busy.includes(row.router)),
  );
  // What was on its way at the first look has arrived by now.
  const findings = (await withoutReceived(tools, lost)).map(({ since: _, age: __, ...row }) => ({
    kind: 'unreported-event' as const,
    ...row,
  }));
  return { findings, next, mark: owed[0]?.since ?? upTo };
}

/**
 * The router that gets what a run reports, which is about one dataset. After the number of routers has changed another one may still
 * hold the events; they are then signalled twice and accepted once.
 */
function routerOfRun(
  project: Project,
  { pipeline, events }: Pick<OwedEvents, 'pipeline' | 'events'>,
): string {
  return routerOf(pipeline, routerCount(project, pipeline), events[0]?.dataset ?? '');
}

async function withoutReceived<Row extends OwedEvents>(
  { db }: SweepTools,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const events = rows.flatMap((row) => row.events);
  const received = await readReceived(
    db,
    events.map(({ eventId }) => eventId),
    events.map(fingerprintOf),
  );
  return rows.filter((row) =>
    row.events.some((event) => !received.has(event.eventId) && !received.has(fingerprintOf(event))),
  );
}

/** A rejected message is known by its text, for it may have no id. */
function fingerprintOf(event: ReeflineEvent): string {
  return rejection(event, '', '').fingerprint;
}

/**
 * Waiting runs that the configuration in force or a person who skipped them decided about, and whose workflows have not
 * been told; or were told before a router had started them, and wait for what is closed.
 */
export async function findClosedJoins(tools: SweepTools, { age }: Search): Promise<Look> {
  const { db } = tools;
  // Whoever applied it may be telling them right now.
  if ((await ageOfConfig(db)) < age) return { findings: [], ...ONE_ROUND };
  const untold = (await readJoinsToTell(db)).slice(0, MOST);
  const known = new Set(untold.map(({ stage, timelabel }) => runId(stage, timelabel)));
  const deaf = (await openThoughGivenUp(tools, age)).filter(
    ({ stage, timelabel }) => !known.has(runId(stage, timelabel)),
  );
  const joins = await withoutHeld(db, [...untold.map((join) => ({ ...join, skipped: false })), ...deaf]);
  const findings = joins.map(({ stage, timelabel, revision, skipped }) => ({
    kind: 'closed-join' as const,
    stage,
    timelabel: timelabel as Timelabel,
    revision,
    ...(skipped ? { skipped } : {}),
  }));
  return { findings, ...ONE_ROUND };
}

async function openThoughGivenUp({ db, control }: SweepTools, age: number): Promise<readonly GivenUpRun[]> {
  const closed = await readGivenUpLately(db, age, MOST);
  const states = await abreast(closed, ABREAST, ({ stage, timelabel }) =>
    control.stateOf(runId(stage, timelabel)),
  );
  return closed.filter((_, at) => states[at] === 'idle');
}

/** Labels that a pause held, and that no pause holds any more. */
export async function findUnstartedHolds({ db }: SweepTools, { age }: Search): Promise<Look> {
  const holds = await readFreeHolds(db, age, MOST);
  return { findings: holds.map((hold) => ({ kind: 'unstarted-hold', ...hold })), ...ONE_ROUND };
}

/** Backfills that are under way in the catalog, and whose workflows have ended. */
export async function findStalledBackfills({ db, control }: SweepTools, { age }: Search): Promise<Look> {
  const open = await readUnfinishedBackfills(db, age, MOST);
  const states = await abreast(open, ABREAST, ({ id }) => control.stateOf(backfillId(id)));
  const suspects = open.filter((_, at) => states[at] === 'closed').map(({ id }) => id);
  if (suspects.length === 0) return { findings: [], ...ONE_ROUND };
  // One that ended between the two looks has ended in the catalog, too.
  const still = (await readUnfinishedBackfills(db, age, MOST)).filter(({ id }) => suspects.includes(id));
  const findings = still.map(({ id, status, turn }) => ({
    kind: 'stalled-backfill' as const,
    backfill: id,
    status,
    // Its last turn is repeated: the workflow may have ended before it started what that turn returned.
    turn: Math.max(0, turn - 1),
  }));
  return { findings, ...ONE_ROUND };
}

/** Endpoints whose messages are due, and whose publisher does nothing about it. */
export async function findStuckDeliveries({ db, control }: SweepTools, { age }: Search): Promise<Look> {
  const due = await readDueEndpoints(db, age);
  const states = await abreast(due, ABREAST, ({ endpoint }) => control.stateOf(publisherId(endpoint)));
  const suspects = due.filter((_, at) => states[at] !== 'working').map(({ endpoint }) => endpoint);
  if (suspects.length === 0) return { findings: [], ...ONE_ROUND };
  const still = (await readDueEndpoints(db, age)).filter(({ endpoint }) => suspects.includes(endpoint));
  return { findings: still.map((owed) => ({ kind: 'stuck-delivery', ...owed })), ...ONE_ROUND };
}
