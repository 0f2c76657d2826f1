import type { DeleteLimit } from './delete-limit.ts';
import type { Json } from './json.ts';
import type { Selector } from './outcome.ts';
import type { Period } from './period.ts';
import type { Compression, StagedFormat } from './staged-format.ts';
import type { WindowRule } from './window.ts';

export const STAGE_KINDS = [
  'extract',
  'register',
  'load',
  'transform',
  'publish',
  'check',
  'custom',
] as const;
/** Stage kinds are written into histories and the catalog: permanent names. */
export type StageKind = (typeof STAGE_KINDS)[number];

export const EVENT_TYPES = ['s3', 'redshift', 'glue', 'athena', 'snowflake', 'publish'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export type DataStatus = 'SUCCESS' | 'FAILURE';

/** One dataset that a stage reads, and which labels of it make one run complete. */
export interface StageInput {
  readonly dataset: string;
  readonly period: Period;
  readonly window: WindowRule;
  /** Outcomes of the input that count. */
  readonly on: readonly Selector[];
  /** Set on an input that the author did not write, a blocking check: the input whose dataset it checks. */
  readonly gate?: string;
}

/** When a stage has no data input of its own, a clock starts it. Times bound the schedule, for historical sources. */
export interface StageSchedule {
  readonly cron: string;
  /** IANA name of the time zone in which the cron text is meant; UTC when absent. */
  readonly zone?: string;
  /** ISO instants; absent means unbounded. */
  readonly from?: string;
  readonly until?: string;
}

/** A stage as the config store keeps it: complete, checked, immutable under its config version. */
export interface StageDefinition {
  /** `<pipeline>.<name>` */
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  /** The dataset that it produces. */
  readonly output: string;
  readonly period: Period;
  readonly schedule?: StageSchedule;
  readonly inputs: readonly StageInput[];
  /** How many of the inputs must be complete; all when absent. */
  readonly when?: JoinRule;
  readonly deadline?: StageDeadline;
  /** What to do when an input is there but was made of inputs that have newer revisions: `wait` when absent. */
  readonly onUnsettled?: 'wait' | 'run';
  /** What to do with a run in flight whose inputs change: finish it and run again (`rerun`, when absent), or cancel it. */
  readonly onRestatement?: 'rerun' | 'cancel';
  /** Most labels that events may restate within 24 hours; further ones are held until a person releases them. */
  readonly maxRestatedLabels?: number;
  readonly work: StageWork;
  /** Seconds that one attempt may take, and how often a retryable failure is tried. */
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
}

/** `any` is at least one. Inputs are counted, not labels: an input counts when its window is complete. */
export type JoinRule = 'all' | 'any' | { readonly atLeast: number };

/**
 * When a label must be complete. `wait`: report that it is late and go on waiting; `partial`: run with the inputs that are
 * there; `fail`: report the label as missing. Inputs that come later still make it run.
 */
export interface StageDeadline {
  /** Seconds after the end of the label's interval. */
  readonly seconds: number;
  readonly then: 'wait' | 'partial' | 'fail';
}

/** What a stage does; discriminated by kind, one runner per kind in activities/stages. */
export type StageWork =
  ExtractWork | RegisterWork | LoadWork | TransformWork | PublishWork | CheckWork | CustomWork;

export interface ExtractWork {
  readonly kind: 'extract';
  /** Source dataset id: connection, schema and table to read. */
  readonly from: string;
  readonly mode: 'snapshot' | 'incremental_append' | 'incremental_update';
  /** Incremental modes: the timestamp or date column that places a row in an interval. */
  readonly cursor?: string;
  /** incremental_update: the columns that identify a row. */
  readonly key?: readonly string[];
  /** incremental_update: the manifest names the keys that are gone from the source since the extract before. */
  readonly detectDeletes?: true;
  /** With `detectDeletes`: an extract that misses more keys fails; `USUAL_DELETE_LIMIT` when absent. */
  readonly maxDeleted?: DeleteLimit;
  /** The columns to stage, or those to leave out; all when both are absent. */
  readonly columns?: readonly string[];
  readonly exclude?: readonly string[];
  /** MySQL: `0000-00-00` becomes NULL; it is refused when absent. */
  readonly zeroDates?: 'as_null';
  /** PostgreSQL, snapshot: most connections that read a large table at once; two when absent. */
  readonly parallel?: number;
  readonly format: StagedFormat['format'];
  /** zstd when absent. */
  readonly compression?: Compression;
}

/** Glue table of a staged dataset, and the partition of the label. */
export interface RegisterWork {
  readonly kind: 'register';
  readonly from: string;
}

export interface LoadWork {
  readonly kind: 'load';
  readonly from: string;
  readonly mode: 'append' | 'replace' | 'merge';
  /** merge: the columns that identify a row. */
  readonly key: readonly string[];
}

export interface TransformWork {
  readonly kind: 'transform';
  /** Text of the SELECT, with `:interval_start`, `:interval_end` and `:timelabel` where the author wrote them. */
  readonly sql: string;
  /** File that it came from, relative to the project, for messages. */
  readonly file: string;
  readonly mode: 'append' | 'replace' | 'merge';
  readonly key: readonly string[];
}

export interface PublishWork {
  readonly kind: 'publish';
  readonly from: string;
  readonly key: readonly string[];
  /** `label`: only the rows that the label's run wrote; `all`: the whole source table (it is replaced at each run). */
  readonly rows: 'label' | 'all';
  /** To PostgreSQL: the table holds the rows of the whole source table and no others. Insert and update by key when absent. */
  readonly mode?: 'replace';
  /** To PostgreSQL: rows that a publish wrote are deleted once their key is gone from the source. They stay when absent. */
  readonly deletes?: 'propagate';
  /** To PostgreSQL: more deletes in one run fail it; `USUAL_DELETE_LIMIT` when absent. */
  readonly maxDeleted?: DeleteLimit;
  /** To Salesforce: the field of each column whose field has another name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** To Salesforce: how many rows it may refuse before the run fails; none when absent. */
  readonly maxFailedRows?: number;
}

/** Assertions about one label of a dataset, each a SELECT that finds the rows which violate it. */
export interface CheckWork {
  readonly kind: 'check';
  /** The dataset that is checked; the check is one of its dependents. */
  readonly from: string;
  /** True when the other dependents of the dataset wait for this check. */
  readonly blocking: boolean;
  readonly assertions: readonly Assertion[];
}

export interface Assertion {
  readonly name: string;
  /** A SELECT with the parameters of transforms; no rows means that the assertion holds. */
  readonly sql: string;
  /** File that it came from, relative to the project, or the place in the pipeline file, for messages. */
  readonly file: string;
  /** A violated `warn` is reported and does not fail the check. */
  readonly severity: 'error' | 'warn';
}

/** A stage whose work is a module of the user's, which the worker loads from the project. */
export interface CustomWork {
  readonly kind: 'custom';
  /** The module, relative to the project, with forward slashes. */
  readonly module: string;
  /** What the author wrote under `with`; texts may be references to secrets. */
  readonly options: Readonly<Record<string, Json>>;
}
