import { acceptEvents, type RouteAction } from '../../activities/accept-events.ts';
import { closeRun } from '../../activities/close-run.ts';
import { openRun } from '../../activities/open-run.ts';
import { beginRun } from '../../catalog/run-ledger.ts';
import type { RunStep } from '../../pipeline/run-plan.ts';
import type { TestCatalog } from './catalog.ts';

interface OpenRun {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
  told: boolean;
}

/**
 * Routers and runs without Temporal, on a real catalog: one step delivers one signal or ends one run, so that a test
 * chooses the interleaving. What the workflows would do in between is done at once.
 */
export class CatalogPlay {
  readonly #catalog: TestCatalog;
  readonly #fails: (stage: string) => boolean;
  /** Signals that no router has taken yet. */
  readonly pending: unknown[] = [];
  readonly running: OpenRun[] = [];
  /** `stage label rN` of every run that began. */
  readonly begun: string[] = [];

  constructor(catalog: TestCatalog, fails: (stage: string) => boolean) {
    this.#catalog = catalog;
    this.#fails = fails;
  }

  async deliver(message: unknown): Promise<void> {
    const { db, configs } = this.#catalog;
    const { actions } = await acceptEvents(db, configs, 'p', [message]);
    for (const action of actions) await this.#act(action);
  }

  async end(run: OpenRun): Promise<void> {
    const { db, configs } = this.#catalog;
    const { stage, timelabel, revision } = run;
    this.running.splice(this.running.indexOf(run), 1);
    const error = this.#fails(stage) ? { class: 'data_error', message: 'the test says so', facts: {} } : null;
    const output = error === null ? { rows: 1, bytes: null, uri: null, columns: null } : null;
    const signal = (_pipeline: string, events: readonly unknown[]): Promise<void> => {
      this.pending.push(...events);
      return Promise.resolve();
    };
    await closeRun(db, configs, signal, {
      stage,
      timelabel,
      revision,
      temporalRunId: 'play',
      output,
      error,
    });
    if (!run.told) return;
    const step = await openRun(db, configs, { stage, timelabel, trigger: 'event', rerun: null });
    await this.#begin(stage, timelabel, step);
  }

  async #act({ kind, stage, timelabel, step }: RouteAction): Promise<void> {
    const open = this.running.find((run) => run.stage === stage && run.timelabel === timelabel);
    if (open !== undefined) open.told = true;
    else if (kind !== 'inform' && step !== null) await this.#begin(stage, timelabel, step);
  }

  async #begin(stage: string, timelabel: string, step: RunStep): Promise<void> {
    if (step.kind !== 'run') return;
    const { revision } = step;
    const begun = await beginRun(this.#catalog.db, { stage, timelabel, revision }, 1, 'play');
    if (begun === undefined) return;
    this.begun.push(`${stage} ${timelabel} r${String(revision)}`);
    this.running.push({ stage, timelabel, revision, told: false });
  }
}
