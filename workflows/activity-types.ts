import type { Acceptance } from '../activities/accept-events.ts';
import type { AdvanceBackfillInput, BackfillTurn } from '../activities/backfill-advance.ts';
import type { ControlBackfillInput } from '../activities/backfill-control.ts';
import type { PlanBackfillInput } from '../activities/backfill-plan.ts';
import type { ClosedRun, CloseRunInput } from '../activities/close-run.ts';
import type { FindSyncLabelsInput, ResolvedSync } from '../activities/find-sync-labels.ts';
import type { Forwarded } from '../activities/forward-events.ts';
import type { OpenRunInput } from '../activities/open-run.ts';
import type { ResolvedTick } from '../activities/resolve-tick.ts';
import type { StageOutcome } from '../activities/run-stage.ts';
import type { SweepKindInput } from '../activities/sweep.ts';
import type { BackfillProgress } from '../pipeline/backfill-progress.ts';
import type { SweptKind } from '../pipeline/findings.ts';
import type { RunStep } from '../pipeline/run-plan.ts';
import type { SyncResult } from '../pipeline/sync-report.ts';
import type { SyncRequest } from '../pipeline/sync-request.ts';

/** The activities as workflows call them. Names are permanent: they are recorded in histories. */
export interface Activities {
  readonly acceptEvents: (router: string, messages: readonly unknown[]) => Promise<Acceptance>;
  readonly openRun: (input: OpenRunInput) => Promise<RunStep>;
  readonly passDeadline: (input: { stage: string; timelabel: string }) => Promise<RunStep>;
  readonly runStage: (key: { stage: string; timelabel: string; revision: number }) => Promise<StageOutcome>;
  readonly closeRun: (input: CloseRunInput) => Promise<ClosedRun>;
  readonly forwardEvents: (endpoint: string) => Promise<Forwarded>;
  readonly planBackfill: (input: PlanBackfillInput) => Promise<BackfillProgress>;
  readonly advanceBackfill: (input: AdvanceBackfillInput) => Promise<BackfillTurn>;
  readonly controlBackfill: (input: ControlBackfillInput) => Promise<BackfillProgress>;
  readonly resolveSync: (request: SyncRequest) => Promise<ResolvedSync>;
  readonly findSyncLabels: (input: FindSyncLabelsInput) => Promise<SyncResult>;
  readonly resolveTick: (input: { stage: string; at: string }) => Promise<ResolvedTick>;
  readonly sweepKind: (input: SweepKindInput) => Promise<SweptKind>;
}
