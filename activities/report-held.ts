import type pg from 'pg';
import { appendEvents, type OwedEvent } from '../catalog/event-log.ts';
import { readHeldCauses } from '../catalog/held-causes.ts';
import type { OpenedTarget } from '../catalog/opened-target.ts';
import { noteFirstHold } from '../catalog/run-notes.ts';
import { moveReservations } from '../catalog/write-openings.ts';
import type { DataEvent } from '../pipeline/data-event.ts';
import type { TracedEvent } from '../pipeline/happening.ts';
import { bareReport, runEvent } from '../pipeline/run-event.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import { labelCount } from '../pipeline/verdict.ts';
import { traceContext } from '../pipeline/traceparent.ts';
import { withEndpoints } from './owed-endpoints.ts';
import type { Tracer } from './tracer.ts';

/** What was reported. */
export interface HeldReport {
  /** Those that are owed one of the events. */
  readonly endpoints: readonly string[];
  /** What is to be traced once the transaction has committed. */
  readonly events: readonly { readonly event: DataEvent; readonly causes: readonly TracedEvent[] }[];
}

/**
 * Reports, once within 24 hours for each stage, that its limit of restated labels holds labels back. Endpoints hear of
 * it; no stage listens to it. The verdicts about what led here have been written.
 */
export async function reportHeld(
  client: pg.PoolClient,
  table: RoutingTable,
  opened: readonly OpenedTarget[],
  router: string,
): Promise<HeldReport> {
  const first = new Map<string, OpenedTarget>();
  for (const target of opened)
    if (target.opening.kind === 'held' && !first.has(target.stage.id)) first.set(target.stage.id, target);
  const events: HeldReport['events'][number][] = [];
  const owed: OwedEvent[] = [];
  for (const target of first.values()) {
    const { stage, timelabel, opening, state } = target;
    if (opening.kind !== 'held' || !(await noteFirstHold(client, stage.id, timelabel))) continue;
    const message = `Events have restated ${labelCount(opening.limit)} of ${stage.id} within 24 hours, which is its max_restated_labels; further labels are held. Look at them with "reefline status --stage ${stage.id}" and let them run with "reefline release ${stage.id}".`;
    const identity = { stage, project: table.project, timelabel, revision: opening.revision };
    const error = { class: 'rejected', message, facts: { limit: opening.limit } };
    // The event takes the revision, so a run that waits with it goes on with the next: else its own event would count as
    // one that is known already.
    if (state.latest?.status === 'WAITING') {
      const { revision } = opening;
      const latest = { ...state.latest, revision };
      const next = { ...opening, revision: revision + 1 };
      await moveReservations(client, [{ ...target, opening: next, state: { ...state, latest } }]);
    }
    const causes = await readHeldCauses(client, stage.id, timelabel);
    const causedBy = causes.map(({ eventId }) => eventId);
    const event = runEvent(
      { ...identity, temporalRunId: null, configVersion: table.configVersion },
      { ...bareReport('HELD', state.readAt, error), causedBy, ...traceContext(causes[0] ?? {}) },
    );
    events.push({ event, causes });
    owed.push(...withEndpoints(table, [event], state.readAt));
  }
  return { endpoints: await appendEvents(client, owed, [], router), events };
}

/** Tells of what was reported, within the time of the activity that did it. */
export function traceHeld(
  tracer: Tracer,
  { events }: HeldReport,
  lasted: { readonly from: number; readonly to: number },
): void {
  for (const { event, causes } of events) tracer.record({ kind: 'reported', event, causes, ...lasted });
}
