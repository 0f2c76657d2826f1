import type pg from 'pg';
import { ConfigStore } from '../catalog/config-store.ts';
import { searchEvents } from '../catalog/event-views.ts';
import { readRun } from '../catalog/run-views.ts';
import { nearest } from '../config/nearest.ts';
import { parseRunEventId } from '../pipeline/ids.ts';
import { instantOf, parseTimelabel } from '../pipeline/timelabel.ts';
import { InvalidInput } from './invalid-input.ts';
import { isoMinutes } from './moments.ts';
import { purgedBefore, purgedText } from './purged.ts';

/** Events of the same label among which the meant one is looked for. */
const NEAR = 200;

/**
 * Why the log has no such event, as far as that can be known: what the ledger says of the run that it is an event of, which revisions
 * of the label there are, and whether the retention may have removed it. `find` says how to look for events.
 */
export async function unknownEvent(
  db: pg.Pool,
  eventId: string,
  now: number,
  find: string,
): Promise<InvalidInput> {
  const run = await ledgerSentence(db, eventId);
  const clue = run ?? (await similarEvent(db, eventId)) ?? find;
  const { project } = await new ConfigStore().current(db);
  // An event comes after its label begins; one without a label may be of any age.
  const label = parseTimelabel(/\/(\d{14})(?:\/|$)/.exec(eventId)?.[1]);
  const cutoff = purgedBefore(project, label === undefined ? -Infinity : instantOf(label), now);
  const purged = cutoff === undefined ? '' : ` ${purgedText(cutoff)}`;
  return new InvalidInput(`The log has no event "${eventId}". ${clue}${purged}`);
}

/** The ledger is kept for ever, so it knows of runs whose events are gone, and of those that have reported nothing yet. */
async function ledgerSentence(db: pg.Pool, eventId: string): Promise<string | undefined> {
  const named = parseRunEventId(eventId);
  if (named === undefined) return undefined;
  const { stage, timelabel, revision } = named;
  const run = (await readRun(db, stage, timelabel)).find((each) => each.revision === revision);
  if (run === undefined) return undefined;
  const ended = run.closedAt === null ? '' : `, since ${isoMinutes(run.closedAt)}`;
  return `The ledger has the run (${run.outcome ?? run.status}${ended}): reefline runs show ${stage} ${timelabel} --revision ${String(revision)}.`;
}

/** Names an event of the same label that the log does have. */
async function similarEvent(db: pg.Pool, eventId: string): Promise<string | undefined> {
  const [, label] = /\/(\d{14})\//.exec(eventId) ?? [];
  const near = label === undefined ? [] : await searchEvents(db, { label }, NEAR);
  const close = nearest(
    eventId,
    near.map((event) => event.eventId),
  );
  return close === undefined ? undefined : `Did you mean ${close}?`;
}
