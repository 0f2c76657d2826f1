import type pg from 'pg';
import { inTransaction } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { endRun, lockColumns, lockRun, recordColumns, type RunKey } from '../catalog/run-ledger.ts';
import type { Column } from '../pipeline/column.ts';
import {
  eventTime,
  MAX_ERROR_TEXT,
  type DataEvent,
  type EventError,
  type MetadataEvent,
  type ReeflineEvent,
} from '../pipeline/data-event.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import { runEventId } from '../pipeline/ids.ts';
import { eventTypeOf } from '../pipeline/routing.ts';
import { schemaChanges, type ColumnDifference } from '../pipeline/schema-change.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { storable, storableText } from '../pipeline/storable.ts';
import type { StageOutput } from './stages/runner.ts';

/** Causes named in an event; a run of more inputs has all of them in the ledger (`run_input`). */
const MAX_CAUSES = 100;

export interface CloseRunInput extends RunKey {
  readonly temporalRunId: string;
  readonly output: StageOutput | null;
  readonly error: EventError | null;
}

/** Sends events to the router of a pipeline, starting it when it is not there. */
export type SignalRouter = (pipeline: string, events: readonly ReeflineEvent[]) => Promise<void>;

/**
 * Ends a run in the ledger and reports it. The events are stored with the row that they stand for, then signalled;
 * when the process dies between the two, the repeated call finds the row closed and signals the very same events.
 */
export async function closeRun(
  db: pg.Pool,
  configs: ConfigStore,
  signalRouter: SignalRouter,
  input: CloseRunInput,
): Promise<{ status: string; eventId: string }> {
  const closed = await inTransaction(db, async (client) => {
    const run = await lockRun(client, input);
    if (run === undefined)
      throw new Error(`The ledger has no run ${runEventId(input.stage, input.timelabel, input.revision)}.`);
    const table = await configs.version(client, run.configVersion);
    const stage = table.stages.get(input.stage);
    if (stage === undefined)
      throw new Error(`Config version ${String(run.configVersion)} has no stage "${input.stage}".`);
    if (run.events !== null) return { pipeline: stage.pipeline, events: run.events };
    const identity = identityOf(stage, eventTypeOf(stage, table.project), input);
    const columns = input.output?.columns ?? null;
    const changes = await newChanges(client, stage.output, run.knownColumns, columns);
    const now = Date.now();
    const data = dataEvent(identity, input, {
      now,
      startedAt: run.startedAt?.getTime() ?? now,
      causedBy: run.causedBy,
      configVersion: run.configVersion,
    });
    // What an outside system wrote into an error or a column name must not keep the run from being reported.
    const events: readonly ReeflineEvent[] = storable([
      ...changes.map((change) => metadataEvent(identity, change, now)),
      data,
    ]);
    await endRun(client, input, input.error === null ? 'SUCCESS' : 'FAILURE', events);
    if (columns !== null && changes.length > 0) await recordColumns(client, stage.output, columns, input);
    return { pipeline: stage.pipeline, events };
  });
  await signalRouter(closed.pipeline, closed.events);
  const data = closed.events.find((event) => event.event_type === 'data');
  return { status: data?.status ?? 'FAILURE', eventId: data?.eventId ?? '' };
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

type Identity = Pick<
  DataEvent,
  | 'type'
  | 'schema'
  | 'table'
  | 'timelabel'
  | 'eventId'
  | 'dataset'
  | 'revision'
  | 'pipeline'
  | 'stage'
  | 'runId'
>;

function identityOf(stage: StageDefinition, type: DataEvent['type'], input: CloseRunInput): Identity {
  const name = parseDataset(stage.output);
  if (name === undefined) throw new Error(`"${stage.output}" is no dataset id.`);
  return {
    type,
    schema: name.schema,
    table: name.table,
    timelabel: input.timelabel,
    eventId: runEventId(stage.id, input.timelabel, input.revision),
    dataset: stage.output,
    revision: input.revision,
    pipeline: stage.pipeline,
    stage: stage.id,
    runId: input.temporalRunId,
  };
}

function dataEvent(
  identity: Identity,
  input: CloseRunInput,
  run: { now: number; startedAt: number; causedBy: readonly string[]; configVersion: number },
): DataEvent {
  const ended = eventTime(run.now);
  return {
    event_type: 'data',
    type: identity.type,
    schema: identity.schema,
    table: identity.table,
    timelabel: identity.timelabel,
    status: input.error === null ? 'SUCCESS' : 'FAILURE',
    startTime: eventTime(run.startedAt),
    updateTime: ended,
    endTime: ended,
    eventId: identity.eventId,
    dataset: identity.dataset,
    revision: identity.revision,
    pipeline: identity.pipeline,
    stage: identity.stage,
    runId: identity.runId,
    causedBy: run.causedBy.slice(0, MAX_CAUSES),
    rows: input.output?.rows ?? null,
    bytes: input.output?.bytes ?? null,
    uri: input.output?.uri ?? null,
    error:
      input.error === null
        ? null
        : { ...input.error, message: storableText(input.error.message, MAX_ERROR_TEXT) },
    configVersion: run.configVersion,
  };
}

function metadataEvent(identity: Identity, difference: ColumnDifference, now: number): MetadataEvent {
  return {
    event_type: 'metadata',
    ...identity,
    eventId: `${identity.eventId}/${difference.change}`,
    ...difference,
    time: eventTime(now),
  };
}
