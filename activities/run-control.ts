import type { RunPlan } from '../pipeline/run-plan.ts';
import type { Trigger } from '../pipeline/opening.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** `working`: open, with a task or an activity under way; `idle`: open, and waits; `closed`: ended, or never was. */
export type WorkflowState = 'working' | 'idle' | 'closed';

export interface ControlledRun {
  readonly stage: StageDefinition;
  readonly timelabel: Timelabel;
  readonly trigger: Trigger;
}

/** What mending needs of Temporal. Every call may be repeated: asking twice is asking once. */
export interface RunControl {
  readonly stateOf: (workflowId: string) => Promise<WorkflowState>;
  readonly scheduleStateOf: (scheduleId: string) => Promise<'active' | 'paused' | 'missing'>;
  /** Starts the run of a label, or has the one that is there look at its inputs. */
  readonly ask: (run: ControlledRun, request: string | null) => Promise<void>;
  /** Lets an open revision go on with its plan, in a new workflow or in the one that waits, and look again afterwards. */
  readonly goOn: (run: ControlledRun, plan: RunPlan) => Promise<void>;
  /** Has the workflow of a label look at the catalog, if there is one. */
  readonly tell: (stage: string, timelabel: string) => Promise<void>;
  /** Has the workflow of a label forget what was asked for, and look at the catalog as after an event, if there is one. */
  readonly dismiss: (stage: string, timelabel: string) => Promise<void>;
  readonly wakePublisher: (endpoint: string) => Promise<void>;
  /** Starts the workflow of a backfill that is in the catalog; it goes on after the given turn. */
  readonly goOnBackfill: (id: string, turn: number) => Promise<void>;
}
