import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import type { RejectedMessage } from '../catalog/event-log.ts';
import { readMadeEvents, type ClaimedEvent } from '../catalog/made-events.ts';
import { isOwn, type Arrival } from '../pipeline/number-events.ts';
import { findDataset } from '../pipeline/routing.ts';
import type { SortedMessages } from './read-messages.ts';

/**
 * Takes what runs have made that began under another configuration: their stage was removed or renamed while they ran, or got another
 * period. The configuration in force would refuse it, because it does not know the dataset or the label, or because somebody else's event may
 * not take the revision that the run has itself. Such an event is known by the ledger, where it is stored with its run, and by the configuration of that run (docs/decisions/0042).
 */
export async function takeEventsOfRuns(
  client: pg.PoolClient,
  configs: ConfigStore,
  { arrivals, strangers, rejections }: SortedMessages,
): Promise<{ readonly arrivals: readonly Arrival[]; readonly rejections: readonly RejectedMessage[] }> {
  const ofOthers = arrivals.filter((arrival) => !isOwn(arrival));
  const claims = [...ofOthers, ...strangers].flatMap(({ incoming }) => claimOf(incoming) ?? []);
  const made = await readMadeEvents(client, claims);
  const taken = new Map<string, Arrival>(
    arrivals.map((arrival) => [arrival.id, made.has(arrival.id) ? { ...arrival, made: true } : arrival]),
  );
  const refused = [...rejections];
  for (const { incoming, rejection } of strangers) {
    const id = claimOf(incoming)?.eventId ?? '';
    const version = made.get(id);
    const found =
      version === undefined ? undefined : findDataset(await configs.version(client, version), incoming);
    if (found === undefined || 'reason' in found) refused.push(rejection);
    else if (!taken.has(id)) taken.set(id, { id, incoming, known: found.known, made: true, unrouted: true });
  }
  return { arrivals: [...taken.values()], rejections: refused };
}

/** What an event says of the run that made it; undefined when it says nothing. */
function claimOf({ eventId, stage, timelabel, revision }: Arrival['incoming']): ClaimedEvent | undefined {
  if (eventId === undefined || stage === undefined || revision === undefined) return undefined;
  return { eventId, stage, timelabel, revision };
}
