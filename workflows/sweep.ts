import { ActivityFailure } from '@temporalio/common';
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { describeSweep, SWEPT_KINDS, type SweptKind } from '../pipeline/findings.ts';
import type { Activities } from './activity-types.ts';

export interface SweepInput {
  /** Seconds that something must have been left undone; what is younger is work in progress. Two minutes when absent. */
  readonly ageSeconds?: number;
}

export interface SweepResult {
  readonly found: number;
  readonly mended: number;
  readonly kinds: readonly SweptKind[];
}

const DEFAULT_AGE = 120;

const { sweepKind } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '1s', maximumInterval: '10s', maximumAttempts: 3 },
});

/** Finishes what crashes have left undone, kind by kind. The catalog decides; a kind that fails holds up no other. */
export async function sweep(input?: SweepInput): Promise<SweepResult> {
  const ageSeconds = typeof input?.ageSeconds === 'number' ? input.ageSeconds : DEFAULT_AGE;
  const kinds: SweptKind[] = [];
  for (const kind of SWEPT_KINDS) {
    try {
      kinds.push(await sweepKind({ kind, ageSeconds }));
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      kinds.push({ kind, found: 0, mended: 0, error: error.cause?.message ?? error.message });
    }
    setCurrentDetails(describeSweep(kinds));
  }
  return {
    found: kinds.reduce((sum, { found }) => sum + found, 0),
    mended: kinds.reduce((sum, { mended }) => sum + mended, 0),
    kinds,
  };
}
