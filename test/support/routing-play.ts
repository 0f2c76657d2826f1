import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type pg from 'pg';
import { acceptEvents, type Acceptance, type RouteAction } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import type { ReportEvents } from '../../activities/report-events.ts';
import { openRun } from '../../activities/open-run.ts';
import { passDeadline } from '../../activities/pass-deadline.ts';
import type { ConfigStore } from '../../catalog/config-store.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { EventError } from '../../pipeline/data-event.ts';
import { routerId, runId } from '../../pipeline/ids.ts';
import type { Trigger } from '../../pipeline/opening.ts';
import type { RunPlan, RunStep } from '../../pipeline/run-plan.ts';
import type { RunRequest } from '../../signals/index.ts';
import type { StageRunInput } from '../../workflows/stage-run.ts';
import type { FlakyPool } from './flaky-pool.ts';

/** A workflow, or what a person does: each `yield` is a place where it can be overtaken. */
interface Actor {
  readonly steps: AsyncGenerator<undefined, void>;
  readonly isReady: () => boolean;
}

interface PlayedRun {
  readonly inbox: (RunStep | null)[];
  request: Omit<RunRequest, 'trigger'> | null;
  trigger: Trigger;
  phase: 'busy' | 'waiting' | 'holding';
  timedOut: boolean;
}

/** Which of so many actors go on next, at the same time. */
export type Picking = (ready: number) => readonly number[];

/** One after the other, in the order in which they came. */
export const IN_ORDER: Picking = () => [0];

/** How a run ends that must not succeed with one row. */
export type Endings = (run: { stage: string; timelabel: string; revision: number }) => EventError | null;

/**
 * Routers and runs without Temporal, on a real catalog. What a workflow does between two activities, a test can
 * interleave with any other; an activity that fails is repeated until it succeeds, as Temporal does.
 */
export class RoutingPlay {
  readonly #db: pg.Pool;
  readonly #configs: ConfigStore;
  readonly #flaky: FlakyPool;
  readonly #endings: Endings;
  readonly #actors = new Set<Actor>();
  readonly #runs = new Map<string, PlayedRun>();
  readonly #routers = new Map<string, unknown[]>();
  /** Failures of activities that were not ordered, with their codes. */
  readonly failures: string[] = [];
  /** `stage label rN` of every run that a worker began. */
  readonly begun: string[] = [];

  constructor(flaky: FlakyPool, configs: ConfigStore, endings: Endings = () => null) {
    this.#db = flaky.pool;
    this.#configs = configs;
    this.#flaky = flaky;
    this.#endings = endings;
  }

  /** Temporal, as far as commands use it. */
  get client(): Client {
    const signalWithStart = (type: string, options: PlayedStart): Promise<void> =>
      this.#flaky.call(() => {
        if (type === 'router') this.send(options.workflowId.replace('router/', ''), ...options.signalArgs);
        else this.#ask(options.args[0] as StageRunInput, options.signalArgs[0] as RunRequest);
      });
    const getHandle = (id: string) => ({
      signal: (_name: unknown, message: RunStep | null): Promise<void> =>
        this.#flaky.call(() => {
          if (!this.#tell(id, message)) throw new WorkflowNotFoundError('not found', id, undefined);
        }),
    });
    return { workflow: { signalWithStart, getHandle } } as unknown as Client;
  }

  /** Signals events to the router of a pipeline. */
  send(pipeline: string, ...messages: readonly unknown[]): void {
    const id = routerId(pipeline);
    const queue = this.#routers.get(id);
    if (queue !== undefined) queue.push(...messages.flat());
    else {
      const begun = messages.flat();
      this.#routers.set(id, begun);
      this.#actors.add({ steps: this.#router(pipeline, begun), isReady: () => begun.length > 0 });
    }
  }

  /** Does what an acceptance outside of the play made possible. */
  follow({ actions }: Acceptance): void {
    for (const action of actions) this.#act(action);
  }

  /** A person, a clock or a backfill asks for a label. */
  ask(stage: string, timelabel: string, trigger: Trigger, request: RunRequest = { request: null }): void {
    this.#ask({ stage, timelabel, trigger }, { ...request, trigger });
  }

  /** Somebody does something that is repeated until it succeeds. */
  do(work: (db: pg.Pool, client: Client) => Promise<unknown>): void {
    const steps = (async function* (play: RoutingPlay): AsyncGenerator<undefined, void> {
      await play.#patiently(() => work(play.#db, play.client));
    })(this);
    this.#actors.add({ steps, isReady: () => true });
  }

  /** The deadline of a label that waits has come. */
  timeOut(stage: string, timelabel: string): void {
    const run = this.#runs.get(runId(stage, timelabel));
    if (run !== undefined) run.timedOut = true;
  }

  /** Lets everybody go on until nobody can, or for so many turns. */
  async settle(picking: Picking = IN_ORDER, turns = Infinity): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      const ready = [...this.#actors].filter(({ isReady }) => isReady());
      if (ready.length === 0) return;
      if (turn > 5_000) throw new Error('The play never comes to an end.');
      const picked = new Set(picking(ready.length).map((at) => ready[at % ready.length]));
      await Promise.all([...picked].map((actor) => this.#goOn(actor)));
    }
  }

  /** Ids of the runs that are open, with what they do. */
  openRuns(): readonly string[] {
    return [...this.#runs].map(([id, { phase }]) => `${id} ${phase}`).sort();
  }

  async #goOn(actor: Actor | undefined): Promise<void> {
    if (actor === undefined) return;
    const { done } = await actor.steps.next();
    if (done === true) this.#actors.delete(actor);
  }

  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Error) || attempt === 20) throw error;
        if (error.name !== 'ConnectionLost') {
          const code = (error as { code?: unknown }).code;
          this.failures.push(`${typeof code === 'string' ? code : ''} ${error.message}`);
        }
      }
    }
  }

  async *#router(pipeline: string, queue: unknown[]): AsyncGenerator<undefined, void> {
    for (;;) {
      const batch = queue.slice(0, 100);
      const { actions } = await this.#patiently(() => acceptEvents(this.#db, this.#configs, pipeline, batch));
      yield;
      for (const action of actions) {
        this.#act(action);
        yield;
      }
      queue.splice(0, batch.length);
      yield;
    }
  }

  #act({ kind, stage, timelabel, step }: RouteAction): void {
    if (this.#tell(runId(stage, timelabel), step) || kind === 'inform') return;
    const fresh = step?.kind === 'run' && step.superseded !== true;
    this.#start({ stage, timelabel, trigger: 'event', ...(fresh ? { step } : {}) });
  }

  #tell(id: string, step: RunStep | null): boolean {
    const run = this.#runs.get(id);
    run?.inbox.push(step);
    return run !== undefined;
  }

  #ask(input: StageRunInput, { trigger = 'manual', ...request }: RunRequest): void {
    const run = this.#runs.get(runId(input.stage, input.timelabel)) ?? this.#start(input);
    run.request = request;
    run.trigger = trigger;
    run.inbox.push(null);
  }

  #start(input: StageRunInput): PlayedRun {
    const id = runId(input.stage, input.timelabel);
    const run: PlayedRun = {
      inbox: [],
      request: null,
      trigger: input.trigger ?? 'manual',
      phase: 'busy',
      timedOut: false,
    };
    this.#runs.set(id, run);
    this.#actors.add({
      steps: this.#stageRun(id, input, run),
      isReady: () =>
        run.phase === 'busy' || run.inbox.length > 0 || (run.timedOut && run.phase === 'waiting'),
    });
    return run;
  }

  /** What workflows/stage-run.ts does; its own tests prove that it does so. */
  async *#stageRun(id: string, input: StageRunInput, run: PlayedRun): AsyncGenerator<undefined, void> {
    const { stage, timelabel } = input;
    let step = input.step ?? null;
    for (;;) {
      run.phase = 'busy';
      if (step === null) run.inbox.length = 0;
      const { request: asked, trigger } = run;
      const { request: rerun, ...marks } = asked ?? { request: null };
      step ??= await this.#patiently(() =>
        openRun(this.#db, this.#configs, { stage, timelabel, trigger, rerun, ...marks }),
      );
      yield;
      let ended = true;
      if (step.kind === 'run' && step.changed === true) run.inbox.push(step);
      if (step.kind === 'run') ended = yield* this.#runAndReport(input, step, run);
      else if (step.kind === 'waiting' || ((step.kind === 'paused' || step.kind === 'held') && step.waits)) {
        ended = false;
        run.phase = step.kind === 'waiting' ? 'waiting' : 'holding';
        if (run.inbox.length === 0 && !run.timedOut) yield;
        run.phase = 'busy';
        if (run.inbox.length === 0 && run.timedOut && step.kind === 'waiting') {
          run.timedOut = false;
          const signal = this.#signal;
          step = await this.#patiently(() =>
            passDeadline(this.#db, this.#configs, signal, { stage, timelabel }),
          );
          continue;
        }
      }
      if (ended && run.inbox.length === 0) {
        this.#runs.delete(id);
        return;
      }
      if (
        step.kind !== 'waiting' &&
        step.kind !== 'paused' &&
        step.kind !== 'held' &&
        run.request === asked
      ) {
        run.request = null;
        run.trigger = 'event';
      }
      const messages = run.inbox.splice(0);
      const opened = messages.find((message) => message?.kind === 'run');
      step = step.kind === 'waiting' ? (opened ?? null) : null;
      if (step !== null)
        run.inbox.push(...messages.filter((message) => message !== opened && message?.kind !== 'waiting'));
    }
  }

  async *#runAndReport(
    { stage, timelabel }: StageRunInput,
    { revision, cancelOnRestatement }: RunPlan,
    run: PlayedRun,
  ): AsyncGenerator<undefined, boolean> {
    const key = { stage, timelabel, revision };
    const begun = await this.#patiently(() => beginRun(this.#db, key, 1, 'play'));
    yield;
    if (begun !== undefined) this.begun.push(`${stage} ${timelabel} r${String(revision)}`);
    const superseded =
      cancelOnRestatement === true &&
      run.inbox.some((one) => one?.kind === 'run' && one.superseded === true && one.revision === revision);
    const error = this.#endings(key);
    const output =
      begun === undefined || error !== null ? null : { rows: 1, bytes: null, uri: null, columns: [] };
    const closed = await this.#patiently(() =>
      closeRun(this.#db, this.#configs, this.#signal, {
        ...key,
        temporalRunId: 'play',
        output: superseded ? null : output,
        error: superseded ? { class: 'rejected', message: 'The run was cancelled.', facts: {} } : error,
        ...(superseded ? { superseded } : {}),
      }),
    );
    yield;
    if (begun === undefined || closed.overtaken === true) run.inbox.push(null);
    return true;
  }

  readonly #signal: ReportEvents = (pipeline, events) =>
    this.#flaky.call(() => {
      this.send(pipeline, ...events);
    });
}

interface PlayedStart {
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly signalArgs: readonly unknown[];
}
