import type { AssertionResult } from '../../pipeline/assertion-result.ts';
import type { Column } from '../../pipeline/column.ts';
import type { Connection } from '../../pipeline/connection.ts';
import type { StageDefinition, StageWork } from '../../pipeline/stage.ts';
import type { Interval, Timelabel } from '../../pipeline/timelabel.ts';

/** One input label that the run was opened with: the newest successful revision at that time, fixed in the ledger. */
export interface RunInput {
  readonly dataset: string;
  readonly timelabel: Timelabel;
  readonly revision: number;
  /** Where the data lies, from the input's event: for a staged dataset, its manifest. */
  readonly uri: string | null;
}

/** What a runner is told: everything was fixed when the run opened, so a retry sees the very same values. */
export interface StageRun<Work extends StageWork = StageWork> {
  readonly stage: StageDefinition & { readonly work: Work };
  readonly timelabel: Timelabel;
  readonly interval: Interval;
  readonly revision: number;
  /** 1 for the first try of this revision by Temporal, then 2, 3 … */
  readonly attempt: number;
  readonly inputs: readonly RunInput[];
  /** Columns of the stage's own output as last recorded, or null when it never ran. */
  readonly knownColumns: readonly Column[] | null;
}

/** What a runner may use of the world around it. */
export interface StageTools {
  /** The connection's settings with its secrets resolved; throws StageFailure `invalid_config` when it is unknown. */
  connection(name: string): Connection;
  /** Tells Temporal that the attempt is alive, with what a retry needs to resume. JSON only. */
  heartbeat(details: unknown): void;
  /** The details of the last heartbeat of the previous attempt, or undefined. */
  readonly lastHeartbeat: unknown;
  /** Aborted when the run is cancelled or the worker shuts down. */
  readonly signal: AbortSignal;
}

/** What the run produced; becomes the SUCCESS data event. */
export interface StageOutput {
  /** Rows that the label has now; of a check, the number of assertions, so that a passed check is never an empty label. */
  readonly rows: number;
  readonly bytes: number | null;
  readonly uri: string | null;
  /** Columns of the output, when the stage knows them; a difference to the known ones becomes metadata events. */
  readonly columns: readonly Column[] | null;
  /** check: what every assertion found, in the order in which they are written. */
  readonly checks?: readonly AssertionResult[];
}

/** Throws StageFailure for everything that went wrong. May be killed at any line and called again. */
export type StageRunner<Work extends StageWork = StageWork> = (
  run: StageRun<Work>,
  tools: StageTools,
) => Promise<StageOutput>;
