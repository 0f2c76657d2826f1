import { setTimeout as pause } from 'node:timers/promises';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type pg from 'pg';
import type { ConfigStore } from '../catalog/config-store.ts';
import { beginRun, type RunKey } from '../catalog/run-ledger.ts';
import type { Connection } from '../pipeline/connection.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Project } from '../pipeline/project.ts';
import { intervalOf, parseTimelabel } from '../pipeline/timelabel.ts';
import type { StageOutput, StageRun, StageRunner, StageTools } from './stages/runner.ts';
import type { StageDefinition, StageKind } from '../pipeline/stage.ts';
import type { TracedFailure } from '../pipeline/happening.ts';
import type { ClosedRun, CloseRunInput } from './close-run.ts';
import { measureFailure, measureStart } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { toFailure } from './to-failure.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

/** One runner per stage kind. */
export type StageRunners = Readonly<Record<StageKind, StageRunner>>;

/** What the activity returns. Recorded in histories: fields are only ever added. */
export interface StageOutcome {
  /** True when the run had already ended: this call was a late repetition and did nothing. */
  readonly ended: boolean;
  readonly output: StageOutput | null;
  /** The data event that the run was closed with. Absent when the workflow is still to close it. */
  readonly closed?: ClosedRun;
}

export interface StageEnvironment {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  readonly runners: StageRunners;
  /** Resolves the references to secrets in a connection's settings; throws StageFailure when one is missing. */
  readonly resolveSecrets: (connection: Connection) => Connection;
  /** Takes the secrets that the project refers to out of a text. */
  readonly redact: (text: string, project: Project) => string;
  /** Ends a run in the ledger and reports it. */
  readonly close: (run: CloseRunInput) => Promise<ClosedRun>;
  readonly meter?: Meter;
  readonly tracer?: Tracer;
}

/** Keeps the attempt alive between the runner's own heartbeats, e.g. during one long statement. Milliseconds. */
const KEEP_ALIVE = 5_000;
/** How long a stage that succeeded waits until its run is closed, in milliseconds: it has a place on the queue of its connection meanwhile. */
const CLOSING = 2_000;

/**
 * Runs one attempt of a stage: claims it in the ledger, calls the runner of its kind, and closes the run when it succeeded. Classifies what goes
 * wrong: whether another attempt follows is for Temporal to say, so a run that failed is closed by its workflow.
 */
export async function runStage(environment: StageEnvironment, key: RunKey): Promise<StageOutcome> {
  const info = activityInfo();
  const { attempt } = info;
  const temporalRunId = info.workflowExecution?.runId ?? '';
  const beats = keepAlive(info.heartbeatDetails);
  let project: Project | undefined;
  const { meter = NO_METER, tracer = NO_TRACER } = environment;
  const from = Date.now();
  let known: StageDefinition | undefined;
  const tell = (end: { rows: number | null; failure: TracedFailure | null }): void => {
    tracer.record({
      kind: 'attempted',
      ...{ run: key, dataset: known?.output ?? null, attempt, from, to: Date.now() },
      temporalRunId,
      cancelled: cancellationSignal().aborted,
      ...end,
    });
  };
  try {
    const begun = await beginRun(environment.db, key, attempt, temporalRunId);
    if (begun === undefined) return { ended: true, output: null };
    const table = await environment.configs.version(environment.db, begun.configVersion);
    project = table.project;
    const stage = table.stages.get(key.stage);
    const timelabel = parseTimelabel(key.timelabel);
    if (stage === undefined || timelabel === undefined) {
      throw new StageFailure(
        'not_found',
        `Config version ${String(begun.configVersion)} has no stage "${key.stage}" for the label "${key.timelabel}".`,
      );
    }
    known = stage;
    if (begun.openedSeconds !== null) measureStart(meter, stage, begun.openedSeconds);
    const run: StageRun = {
      stage,
      timelabel,
      interval: intervalOf(stage.period, timelabel),
      revision: key.revision,
      attempt,
      inputs: begun.inputs,
      knownColumns: begun.knownColumns,
    };
    const tools: StageTools = {
      connection: (name) => {
        const connection = table.project.connections[name];
        if (connection === undefined) {
          throw new StageFailure(
            'invalid_config',
            `The connection "${name}" is not in config version ${String(begun.configVersion)}.`,
          );
        }
        return environment.resolveSecrets(connection);
      },
      heartbeat: beats.beat,
      lastHeartbeat: info.heartbeatDetails,
      signal: cancellationSignal(),
    };
    const output = await environment.runners[stage.work.kind](run, tools);
    tell({ rows: output.rows, failure: null });
    const closing = { ...key, attempt, temporalRunId, output, error: null };
    const closed = await closedAtOnce(environment.close, closing);
    return { ended: false, output, ...(closed === undefined ? {} : { closed }) };
  } catch (error) {
    // A cancelled attempt ends as cancelled, whatever the interrupted call made of it.
    if (cancellationSignal().aborted) tell({ rows: null, failure: null });
    cancellationSignal().throwIfAborted();
    if (known !== undefined) measureFailure(meter, known, error);
    const failure = toFailure(error, (text) =>
      project === undefined ? text : environment.redact(text, project),
    );
    tell({ rows: null, failure: { class: failure.type ?? 'unexpected', message: failure.message } });
    throw failure;
  } finally {
    beats.stop();
  }
}

/**
 * Reports from here, which saves the workflow a visit and lets dependents begin before the server has heard of the end of this activity. Undefined when that did not
 * work at once: then the workflow closes the run, for as long as it takes, and finds what was committed here. Nor does an attempt close anything that Temporal has
 * given up and followed by another: what it wrote the other one may be replacing.
 */
async function closedAtOnce(
  close: StageEnvironment['close'],
  run: CloseRunInput,
): Promise<ClosedRun | undefined> {
  const late = new AbortController();
  const closing = close(run).catch(() => undefined);
  try {
    return await Promise.race([closing, pause(CLOSING, undefined, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

function keepAlive(previous: unknown): { beat: (details: unknown) => void; stop: () => void } {
  let last = previous;
  const timer = setInterval(() => {
    heartbeat(last);
  }, KEEP_ALIVE);
  return {
    beat: (details) => {
      last = details;
      heartbeat(details);
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
