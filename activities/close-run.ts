import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import {
  endRun,
  lockColumns,
  lockRun,
  recordColumns,
  type LedgerRun,
  type RunKey,
} from '../catalog/run-ledger.ts';
import { appendNotes } from '../catalog/run-notes.ts';
import type { Column } from '../pipeline/column.ts';
import {
  dataEventIn,
  type DataEvent,
  type EventError,
  type MetadataEvent,
  type ReeflineEvent,
} from '../pipeline/data-event.ts';
import { runEventId } from '../pipeline/ids.ts';
import { runOutcome } from '../pipeline/run-outcome.ts';
import { runEvent } from '../pipeline/run-event.ts';
import { schemaChanges, type ColumnDifference } from '../pipeline/schema-change.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { storable } from '../pipeline/storable.ts';
import { tracedEvent, type Happening } from '../pipeline/happening.ts';
import type { Project } from '../pipeline/project.ts';
import { traceContext } from '../pipeline/traceparent.ts';
import { measureRun } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import type { ReportEvents } from './report-events.ts';
import type { StageOutput } from './stages/runner.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

export interface CloseRunInput extends RunKey {
  readonly temporalRunId: string;
  readonly output: StageOutput | null;
  readonly error: EventError | null;
  /** Set by the attempt that closes its own run: it must be the one that began last. */
  readonly attempt?: number;
  /** true: cancelled because its inputs changed; another revision follows, and nothing is reported. */
  readonly superseded?: boolean;
}

export interface ClosedRun {
  readonly status: string;
  readonly eventId: string;
  /** Set when the label is to be looked at again: somebody else reported it while the run still wrote it. */
  readonly overtaken?: true;
}

type ClosedHappening = Extract<Happening, { kind: 'closed' }>;

interface Closing {
  readonly pipeline: string;
  readonly events: readonly ReeflineEvent[];
  readonly overtaken: boolean;
  /** For its trace; absent for a run that never began. */
  readonly told?: Pick<ClosedHappening, 'dataset' | 'trigger' | 'openedAt' | 'outcome'>;
  /** Set when this call ended the run. */
  readonly ended?: {
    readonly stage: StageDefinition;
    readonly outcome: string;
    readonly lasted: number | null;
  };
}

/**
 * Ends a run in the ledger and reports it. The events are stored with the row that they stand for, then handed on;
 * when the process dies between the two, the repeated call finds the row closed and hands on the very same events.
 */
export async function closeRun(
  db: pg.Pool,
  configs: ConfigStore,
  report: ReportEvents,
  input: CloseRunInput,
  meter: Meter = NO_METER,
  tracer: Tracer = NO_TRACER,
): Promise<ClosedRun> {
  const from = Date.now();
  const closed = await inTransaction(db, async (client): Promise<Closing> => {
    const run = await lockRun(client, input);
    const id = runEventId(input.stage, input.timelabel, input.revision);
    if (run === undefined) throw new Error(`The ledger has no run ${id}.`);
    const closesItself = input.attempt !== undefined;
    if (closesItself && (input.attempt !== run.attempt || input.temporalRunId !== run.temporalRunId))
      throw new Error(`Another attempt has taken over ${id}.`);
    const table = await configs.version(client, run.configVersion);
    const stage = table.stages.get(input.stage);
    if (stage === undefined)
      throw new Error(`Config version ${String(run.configVersion)} has no stage "${input.stage}".`);
    const { overtaken } = run;
    const told = { dataset: stage.output, trigger: run.trigger, openedAt: run.openedAt.getTime() };
    if (run.events !== null) {
      const outcome = run.outcome ?? run.status;
      return { pipeline: stage.pipeline, events: run.events, overtaken, told: { ...told, outcome } };
    }
    // It never began: an apply closed it before a worker claimed it.
    if (run.status === 'CLOSED') return { pipeline: stage.pipeline, events: [], overtaken: false };
    if (input.superseded === true) {
      const closing = await supersede(client, stage, run, input);
      return { ...closing, told: { ...told, outcome: 'SUPERSEDED' } };
    }
    const columns = input.output?.columns ?? null;
    const changes = await newChanges(client, stage.output, run.knownColumns, columns);
    const data = dataEvent(stage, table.project, run, input);
    // What an outside system wrote into an error or a column name must not keep the run from being reported.
    const events: readonly ReeflineEvent[] = storable([
      ...changes.map((change) => metadataEvent(data, change)),
      data,
    ]);
    await endRun(client, input, data.status, data.outcome, events);
    if (data.outcome === 'QUARANTINED') {
      const reason = input.error?.message ?? 'a blocking check found a violation';
      await appendNotes(client, [
        { ...keyOf(input), decision: 'quarantined', reason, actor: null, configVersion: run.configVersion },
      ]);
    }
    if (overtaken && data.status === 'SUCCESS')
      await appendNotes(client, [
        {
          ...keyOf(input),
          decision: 'overtaken',
          reason: OVERTAKEN,
          actor: null,
          configVersion: run.configVersion,
        },
      ]);
    if (columns !== null && changes.length > 0) await recordColumns(client, stage.output, columns, input);
    return {
      pipeline: stage.pipeline,
      events,
      overtaken,
      told: { ...told, outcome: data.outcome },
      ended: { stage, outcome: data.outcome, lasted: lastedOf(run) },
    };
  });
  if (closed.ended !== undefined) {
    const { stage, outcome, lasted } = closed.ended;
    measureRun(meter, stage, outcome, lasted, input.output);
  }
  const data = dataEventIn(closed.events);
  if (closed.events.length > 0) await report(closed.pipeline, closed.events);
  // Also by a repeated call: the one before it may have failed to hand them on, and then the run went on until now.
  if (closed.told !== undefined)
    tracer.record({
      kind: 'closed',
      ...{ run: keyOf(input), ...closed.told, from, to: Date.now() },
      reported: data === undefined ? null : tracedEvent(data),
      temporalRunId: input.temporalRunId,
      rows: input.output?.rows ?? null,
      failure: input.superseded === true ? null : input.error,
    });
  if (closed.events.length === 0) return { status: 'unreported', eventId: '' };
  return {
    status: data?.status ?? 'FAILURE',
    eventId: data?.eventId ?? '',
    ...(closed.overtaken ? { overtaken: true } : {}),
  };
}

/** Dependents that read the label at that report may have missed what the run wrote afterwards. */
const OVERTAKEN = 'somebody else reported a newer revision of the label while it ran';

function keyOf({ stage, timelabel, revision }: RunKey): RunKey {
  return { stage, timelabel, revision };
}

/** Milliseconds since its first attempt began; null when none did. */
function lastedOf({ startedAt, readAt }: LedgerRun): number | null {
  return startedAt === null ? null : readAt - startedAt.getTime();
}

async function supersede(
  client: pg.PoolClient,
  stage: StageDefinition,
  run: LedgerRun,
  input: CloseRunInput,
): Promise<Closing> {
  await endRun(client, input, 'SUPERSEDED', null, []);
  const reason = 'cancelled in flight, because its inputs changed (on_restatement: cancel)';
  await appendNotes(client, [
    { ...keyOf(input), decision: 'superseded', reason, actor: null, configVersion: run.configVersion },
  ]);
  const ended = { stage, outcome: 'SUPERSEDED', lasted: lastedOf(run) };
  return { pipeline: stage.pipeline, events: [], overtaken: false, ended };
}

/** Looks without a lock first: nearly every run finds its columns known. */
async function newChanges(
  client: pg.PoolClient,
  dataset: string,
  known: readonly Column[] | null,
  columns: readonly Column[] | null,
): Promise<readonly ColumnDifference[]> {
  if (columns === null || schemaChanges(known, columns).length === 0) return [];
  return schemaChanges(await lockColumns(client, dataset), columns);
}

function dataEvent(
  stage: StageDefinition,
  project: Project,
  run: LedgerRun,
  { timelabel, revision, temporalRunId, output, error }: CloseRunInput,
): DataEvent {
  const { configVersion, readAt: now } = run;
  return runEvent(
    { stage, project, timelabel, revision, temporalRunId, configVersion },
    {
      outcome: runOutcome(stage, run, { rows: output?.rows ?? null, error }),
      startedAt: run.startedAt?.getTime() ?? now,
      endedAt: now,
      causedBy: run.causedBy,
      rows: output?.rows ?? null,
      bytes: output?.bytes ?? null,
      uri: output?.uri ?? null,
      error,
      missing: run.outcome === 'PARTIAL' ? (run.missing ?? []) : [],
      checks: output?.checks ?? [],
      propagates: run.propagates,
      backfill: run.backfill,
      ...run.context,
    },
  );
}

function metadataEvent(data: DataEvent, difference: ColumnDifference): MetadataEvent {
  const { type, schema, table, timelabel, dataset, revision, pipeline, stage, runId } = data;
  return {
    event_type: 'metadata',
    ...{ type, schema, table, timelabel, dataset, revision, pipeline, stage, runId },
    eventId: `${data.eventId}/${difference.change}`,
    ...difference,
    time: data.endTime,
    ...traceContext(data),
  };
}
