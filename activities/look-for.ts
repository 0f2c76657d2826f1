import type { SweptFindingKind } from '../pipeline/findings.ts';
import { findMissedTicks, findMissingLabels } from './find-missing-labels.ts';
import { findReadyRuns, findVanishedRuns } from './find-open-runs.ts';
import {
  findClosedJoins,
  findStalledBackfills,
  findStuckDeliveries,
  findUnreportedEvents,
  findUnstartedHolds,
} from './find-owed.ts';
import type { Look, Search, SweepTools } from './sweep-tools.ts';

/** Looks for one kind of finding. Changes nothing. */
export function lookFor(kind: SweptFindingKind, tools: SweepTools, search: Search): Promise<Look> {
  switch (kind) {
    case 'unreported-event':
      return findUnreportedEvents(tools, search);
    case 'closed-join':
      return findClosedJoins(tools, search);
    case 'unstarted-hold':
      return findUnstartedHolds(tools, search);
    case 'vanished-run':
      return findVanishedRuns(tools, search);
    case 'ready-but-waiting':
      return findReadyRuns(tools, search);
    case 'missed-tick':
      return findMissedTicks(tools, search);
    case 'missing-label':
      return findMissingLabels(tools, search);
    case 'stalled-backfill':
      return findStalledBackfills(tools, search);
    case 'stuck-delivery':
      return findStuckDeliveries(tools, search);
  }
}
