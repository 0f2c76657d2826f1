import type { AssertionResult } from './assertion-result.ts';
import type { MissingInput } from './completeness.ts';
import { eventTime, MAX_ERROR_TEXT, type DataEvent, type EventError } from './data-event.ts';
import { parseDataset } from './dataset.ts';
import { runEventId } from './ids.ts';
import { statusOf, type Outcome } from './outcome.ts';
import { eventTypeOf } from './routing.ts';
import type { Project } from './project.ts';
import type { StageDefinition } from './stage.ts';
import { storableText } from './storable.ts';
import { traceContext } from './traceparent.ts';

/** Causes named in an event; a run of more inputs has all of them in the ledger (`run_input`). */
const MAX_CAUSES = 100;

/** Who an event of a stage is about. */
export interface RunIdentity {
  readonly stage: StageDefinition;
  readonly project: Project;
  readonly timelabel: string;
  readonly revision: number;
  /** Temporal run id of the stageRun execution; null when nothing ran. */
  readonly temporalRunId: string | null;
  readonly configVersion: number;
}

/** What is to be said of it. Instants are milliseconds since the Unix epoch. */
export interface RunReport {
  readonly outcome: Outcome;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly causedBy: readonly string[];
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly uri: string | null;
  readonly error: EventError | null;
  readonly missing: readonly MissingInput[];
  readonly checks: readonly AssertionResult[];
  readonly propagates: boolean;
  readonly backfill: string | null;
  /** Of the event that brought the run about, where it has one: what it reports stands in the same trace. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** A report of a label that nothing ran for: late, missing, skipped, held, released, rejected. */
export function bareReport(outcome: Outcome, now: number, error: EventError | null): RunReport {
  return {
    outcome,
    startedAt: now,
    endedAt: now,
    causedBy: [],
    rows: null,
    bytes: null,
    uri: null,
    error,
    missing: [],
    checks: [],
    propagates: true,
    backfill: null,
  };
}

/** The data event of one revision of a label. The same identity has the same event id, whoever reports it and however often. */
export function runEvent(identity: RunIdentity, report: RunReport): DataEvent {
  const { stage, timelabel, revision } = identity;
  const name = parseDataset(stage.output);
  if (name === undefined) throw new Error(`"${stage.output}" is no dataset id.`);
  const ended = eventTime(report.endedAt);
  return {
    event_type: 'data',
    type: eventTypeOf(stage, identity.project),
    schema: name.schema,
    table: name.table,
    timelabel,
    status: statusOf(report.outcome),
    startTime: eventTime(report.startedAt),
    updateTime: ended,
    endTime: ended,
    eventId: runEventId(stage.id, timelabel, revision),
    dataset: stage.output,
    revision,
    pipeline: stage.pipeline,
    stage: stage.id,
    runId: identity.temporalRunId,
    causedBy: report.causedBy.slice(0, MAX_CAUSES),
    rows: report.rows,
    bytes: report.bytes,
    uri: report.uri,
    error:
      report.error === null
        ? null
        : { ...report.error, message: storableText(report.error.message, MAX_ERROR_TEXT) },
    configVersion: identity.configVersion,
    outcome: report.outcome,
    ...(report.propagates ? {} : { propagates: false }),
    ...(report.backfill === null ? {} : { backfill: report.backfill }),
    ...(report.missing.length === 0
      ? {}
      : { missing: report.missing.map((one) => ({ dataset: one.dataset, timelabel: one.timelabel })) }),
    ...(report.checks.length === 0 ? {} : { checks: report.checks }),
    ...traceContext(report),
  };
}
