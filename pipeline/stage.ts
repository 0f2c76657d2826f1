import type { Period } from './period.ts';
import type { WindowRule } from './window.ts';

export const STAGE_KINDS = ['extract', 'register', 'load', 'transform', 'publish'] as const;
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
  readonly on: readonly DataStatus[];
}

/** When a stage has no data input of its own, a clock starts it. Times bound the schedule, for historical sources. */
export interface StageSchedule {
  readonly cron: string;
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
  readonly work: StageWork;
  /** Seconds that one attempt may take, and how often a retryable failure is tried. */
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
}

/** What a stage does; discriminated by kind, one runner per kind in activities/stages. */
export type StageWork = ExtractWork | RegisterWork | LoadWork | TransformWork | PublishWork;

export interface ExtractWork {
  readonly kind: 'extract';
  /** Source dataset id: connection, schema and table to read. */
  readonly from: string;
  readonly mode: 'snapshot' | 'incremental_append';
  /** incremental_append: the timestamp or date column that places a row in an interval. */
  readonly cursor?: string;
  readonly format: 'parquet';
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
}
