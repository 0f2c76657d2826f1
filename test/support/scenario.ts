import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { startRun } from '../../cli/run.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';
import { DONE, startEngine, type Engine, type Work } from './engine.ts';

/** Stages that do what a test says, on a real Temporal server, and what the catalog says of them afterwards. */
export interface Scenario {
  readonly engine: Engine;
  readonly client: Client;
  /** `name label rN` of every run that a stage began, in order. */
  readonly executed: string[];
  /** `name label` whose runs fail, with the facts of the failure. */
  readonly failing: Map<string, Record<string, string>>;
  /** `name label` whose runs wait for the promise, or for their cancellation. */
  readonly slow: Map<string, Promise<void>>;
  /** Rows that the runs of `name label` report; 1 when absent. */
  readonly rows: Map<string, number>;
  readonly stage: (name: string) => StageDefinition;
  readonly run: (name: string, timelabel: string, rerun?: boolean, only?: boolean) => Promise<void>;
  /** Signals events to the router of pipeline `p`. */
  readonly signal: (...events: unknown[]) => Promise<void>;
  /** `rN STATUS` or `rN OUTCOME` of every revision of a label. */
  readonly ledger: (name: string, timelabel: string) => Promise<string[]>;
  /** `executed`, of one stage. */
  readonly executedOf: (name: string) => string[];
  /** `rN OUTCOME` of every event of a label in the log. */
  readonly events: (name: string, timelabel: string) => Promise<string[]>;
  /** `name verdict` of every dependent of an event. */
  readonly verdicts: (eventId: string) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

export async function openScenario(name: string, project: Project): Promise<Scenario> {
  const executed: string[] = [];
  const failing = new Map<string, Record<string, string>>();
  const slow = new Map<string, Promise<void>>();
  const rows = new Map<string, number>();
  const work: Work = async (run, tools) => {
    const key = `${run.stage.name} ${run.timelabel}`;
    executed.push(`${key} r${String(run.revision)}`);
    const cancelled = new Promise<never>((_, reject) =>
      tools.signal.addEventListener('abort', () => {
        reject(new Error('cancelled'));
      }),
    );
    await Promise.race([slow.get(key) ?? Promise.resolve(), cancelled]);
    const facts = failing.get(key);
    if (facts !== undefined)
      throw ApplicationFailure.create({
        message: `${key} fails, as the test says`,
        type: 'data_error',
        nonRetryable: true,
        details: [facts],
      });
    return { ...DONE, rows: rows.get(key) ?? 1 };
  };
  const engine = await startEngine(name, work);
  await engine.apply(project);
  await engine.startWorkers();
  const stage = (wanted: string): StageDefinition => {
    const found = project.stages.find((candidate) => candidate.name === wanted);
    if (found === undefined) throw new Error(`There is no stage ${wanted}.`);
    return found;
  };
  const texts = async (text: string, values: readonly unknown[]): Promise<string[]> =>
    (await engine.db.query<{ line: string }>(text, [...values])).rows.map(({ line }) => line);
  const ledger = (wanted: string, timelabel: string): Promise<string[]> =>
    texts(
      `select 'r' || revision || ' ' || coalesce(outcome, status) as line from reefline.stage_run
          where stage = $1 and timelabel = $2 order by revision`,
      [stage(wanted).id, timelabel],
    );
  return {
    engine,
    client: engine.client,
    executed,
    failing,
    slow,
    rows,
    stage,
    run: async (wanted, timelabel, rerun = false, only = false) => {
      await startRun(engine.client, stage(wanted), label(timelabel), rerun, only ? { only } : {});
    },
    signal: async (...events) => {
      await engine.client.workflow.signalWithStart('router', {
        workflowId: 'router/p',
        taskQueue: ROUTING_QUEUE,
        args: [{ pipeline: 'p' }],
        signal: 'dataEvent',
        signalArgs: [events],
      });
    },
    ledger,
    executedOf: (wanted) => executed.filter((line) => line.startsWith(`${wanted} `)),
    events: (wanted, timelabel) =>
      texts(
        `select 'r' || revision || ' ' || outcome as line from reefline.data_event
          where dataset = $1 and timelabel = $2 and event_type = 'data' order by revision`,
        [stage(wanted).output, timelabel],
      ),
    verdicts: (eventId) =>
      texts(
        `select split_part(stage, '.', 2) || ' ' || verdict as line from reefline.verdict where event_id = $1 order by 1`,
        [eventId],
      ),
    close: () => engine.close(),
  };
}

/** A timelabel that a test writes. */
export function label(text: string): Timelabel {
  const parsed = parseTimelabel(text);
  if (parsed === undefined) throw new Error(`${text} is no label`);
  return parsed;
}
