import type { EventError } from './data-event.ts';
import type { LabelDue } from './label-due.ts';
import type { LabelPair } from './number-events.ts';
import type { Opening, Pause, RunStatus, Trigger } from './opening.ts';
import type { StageDefinition } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import type { Verdict } from './verdict.ts';

/** All that the catalog says about one label, as far as it explains how the label stands. Read at one instant. */
export interface StandingFacts {
  /** What was asked about: a stage or a dataset, as it was written. */
  readonly asked: string;
  readonly timelabel: Timelabel;
  readonly now: Date;
  readonly dataset: string;
  /** Null when a service outside reports the dataset. */
  readonly stageId: string | null;
  /** Null when the configuration in force has no such stage. */
  readonly stage: StageDefinition | null;
  /** Stages that take the dataset as an input. */
  readonly dependents: readonly string[];
  readonly config: ConfigFact;
  /** The newest revisions, the oldest of them first. */
  readonly runs: readonly RunFact[];
  /** Revisions in the ledger, also those that `runs` leaves out. */
  readonly runCount: number;
  readonly notes: readonly NoteFact[];
  /** What routing decided about events that concern this label. */
  readonly verdicts: readonly VerdictFact[];
  /** What was reported of the dataset's label, the oldest first. */
  readonly events: readonly EventFact[];
  /** What routing decided about the newest of them. */
  readonly downstream: readonly VerdictFact[];
  /** What an event would find now; null without a stage, or when the label is none of the stage. */
  readonly opening: Opening | null;
  /** Inputs that have changed since the newest run, when all of them were run with --only; empty otherwise. */
  readonly silent: readonly LabelPair[];
  readonly missing: readonly MissingFact[];
  /** Labels that are missing, also those that `missing` leaves out. */
  readonly missingCount: number;
  readonly pauses: readonly Pause[];
  readonly held: HeldFact | null;
  readonly backfills: readonly BackfillFact[];
  /** Blocking checks of the dataset. */
  readonly checks: readonly CheckFact[];
  /** What the newest run was made of and a blocking check or a person has refused since; empty unless it succeeded. */
  readonly refused: readonly RefusedFact[];
  readonly due: LabelDue | null;
  /** Newest label of the dataset in the event log. */
  readonly newest: NewestFact | null;
  /** Messages that named the dataset's table and the label and could not be taken. */
  readonly rejected: readonly RejectedFact[];
  /** What Temporal says of the open workflow; null when it was not asked, or did not answer in time. */
  readonly workflow: WorkflowFact | null;
}

export interface ConfigFact {
  readonly version: number;
  /** Since when the stage is in the configuration without interruption; null when it is not. */
  readonly stageSince: Date | null;
  /** Versions after that of the oldest run that changed the stage's definition or removed it. */
  readonly changes: readonly ConfigChangeFact[];
}

export interface ConfigChangeFact {
  readonly version: number;
  readonly appliedAt: Date;
  readonly appliedBy: string;
  /** Fields of the definition that it changed; null when it removed the stage. */
  readonly fields: readonly string[] | null;
}

export interface RunFact {
  readonly revision: number;
  readonly status: RunStatus;
  readonly outcome: string | null;
  readonly trigger: Trigger;
  readonly backfill: string | null;
  readonly propagates: boolean;
  readonly configVersion: number;
  readonly attempt: number;
  readonly openedAt: Date;
  readonly startedAt: Date | null;
  readonly closedAt: Date | null;
  readonly deadline: Date | null;
  readonly lateAt: Date | null;
  readonly causedBy: readonly string[];
  readonly rows: number | null;
  readonly error: EventError | null;
  /** Of a run that opened at its deadline, whatever became of it: what it did without. */
  readonly without: readonly LabelPair[];
  readonly inputs: number;
  /** Inputs that are not as in the revision before; empty for the first one. */
  readonly changed: readonly ChangedInput[];
}

export interface ChangedInput extends LabelPair {
  /** Null when the revision before did without it. */
  readonly from: number | null;
  readonly to: number;
  /** What set it in motion; null when the log does not have it any more. */
  readonly origin: OriginFact | null;
}

/** The beginning of a chain of events: a run that no event started, or the event of a service outside. */
export interface OriginFact extends LabelPair {
  /** Null for a service outside. */
  readonly stage: string | null;
  readonly trigger: Trigger | null;
  readonly backfill: string | null;
  /** The person who asked for it, and why. */
  readonly actor: string | null;
  readonly reason: string | null;
}

export interface NoteFact {
  readonly revision: number | null;
  readonly decision: string;
  readonly reason: string;
  readonly actor: string | null;
  readonly configVersion: number | null;
  readonly notedAt: Date;
}

export interface VerdictFact {
  readonly eventId: string;
  readonly dataset: string;
  readonly eventLabel: Timelabel;
  readonly eventRevision: number;
  readonly outcome: string;
  /** The dependent that it was decided for. */
  readonly stage: string;
  readonly timelabel: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly decidedAt: Date;
}

export interface EventFact {
  readonly eventId: string;
  readonly revision: number;
  readonly outcome: string;
  /** Null when a service outside reported it. */
  readonly stage: string | null;
  readonly propagates: boolean;
  readonly receivedAt: Date;
  readonly error: EventError | null;
}

export interface HeldFact {
  readonly cause: 'paused' | 'storm';
  readonly since: Date;
}

export interface BackfillFact {
  readonly id: string;
  readonly status: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly reason: string | null;
  /** State of this label's item while that is open; null once it has ended. */
  readonly item: string | null;
}

export interface CheckFact {
  readonly stage: string;
  readonly run: ProducerRun | null;
  /** The decision that ended its newest quarantine. */
  readonly judgement: NoteFact | null;
}

/** A revision of a label that its blocking check quarantines, or that a person rejected. */
export interface RefusedFact extends LabelPair {
  readonly revision: number;
  /** The stage that checks it. */
  readonly check: string;
  readonly rejected: boolean;
  /** Who rejected it and why; null while it is only quarantined. */
  readonly actor: string | null;
  readonly reason: string | null;
  /** What the check found. */
  readonly error: EventError | null;
  readonly at: Date;
}

export interface NewestFact {
  readonly timelabel: Timelabel;
  readonly receivedAt: Date;
}

export interface RejectedFact {
  readonly field: string;
  readonly reason: string;
  readonly at: Date;
}

export interface WorkflowFact {
  /** `RUNNING`, or how it ended; null when Temporal has none under the id. */
  readonly status: string | null;
  readonly runId: string | null;
  /** Of the activity that is being tried: the attempt, and what its last failure said. */
  readonly attempt: number | null;
  readonly lastFailure: string | null;
}

/** Neighbouring labels of an input that are missing for the same reason, and what is known about the first of them. */
export interface MissingFact {
  readonly dataset: string;
  readonly first: Timelabel;
  readonly last: Timelabel;
  readonly count: number;
  /** `label`: exactly these labels; `newest`: any label at or before `first`; `any`: any label at all. */
  readonly need: 'label' | 'newest' | 'any';
  /** Outcomes that would count. */
  readonly on: readonly string[];
  /** Set when the label is there but not settled: what has to be taken up first. */
  readonly unsettled: LabelPair | null;
  /** Newest event of the first label. */
  readonly event: MissingEvent | null;
  /** Null when a service outside reports the dataset. */
  readonly producer: ProducerFact | null;
  /** Newest label of the dataset that was reported; read only when no stage makes it. */
  readonly newest: NewestFact | null;
}

export interface MissingEvent {
  readonly outcome: string;
  readonly revision: number;
  readonly receivedAt: Date;
  /** False when a person ran the label on its own (--only). */
  readonly propagates: boolean;
}

/** The stage that makes a missing label, and how far it is. */
export interface ProducerFact {
  readonly stage: string;
  /** The dataset that it checks; null when it is no check. */
  readonly checks: string | null;
  readonly hasInputs: boolean;
  readonly run: ProducerRun | null;
  readonly held: HeldFact | null;
  readonly pause: Pause | null;
  readonly due: LabelDue;
  /** Since when the stage is in the configuration. */
  readonly since: Date | null;
  /** What an event would find now; null when the newest run says it all. */
  readonly opening: Opening | null;
  /** What it waits for itself. */
  readonly behind: readonly MissingFact[];
}

/** The newest run of a producing stage. */
export interface ProducerRun {
  readonly revision: number;
  readonly status: RunStatus;
  readonly outcome: string | null;
  readonly openedAt: Date;
  readonly startedAt: Date | null;
  readonly closedAt: Date | null;
  readonly lateAt: Date | null;
  readonly attempt: number;
  readonly error: EventError | null;
}
