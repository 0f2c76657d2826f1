import type pg from 'pg';
import { readable } from './calendar.ts';

/** One revision of one (stage, label), as the catalog has it. */
export interface RunRow {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number;
  readonly status: 'WAITING' | 'RUNNING' | 'SUCCESS' | 'FAILURE';
}

export interface EventRow {
  readonly at: Date;
  readonly dataset: string;
  readonly timelabel: string;
  readonly revision: number;
  /** SUCCESS, FAILURE, or the change of a metadata event. */
  readonly outcome: string;
  readonly rows: number | null;
}

/** What the demo sees of the catalog a few times a second. */
export interface Snapshot {
  readonly runs: readonly RunRow[];
  /** Newest first. */
  readonly events: readonly EventRow[];
}

const PAUSE = 250;
const EVENTS_SHOWN = 6;

interface Waiter {
  readonly look: (snapshot: Snapshot) => void;
  readonly fail: (error: Error) => void;
}

/** Reads the ledger and the event log over and over, for the view and for whoever waits for something to happen. */
export class Ledger {
  readonly #catalog: pg.Pool;
  readonly #waiters = new Set<Waiter>();
  readonly #expectedFailures = new Set<string>();
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(catalog: pg.Pool) {
    this.#catalog = catalog;
  }

  /** Begins to read; `show` gets every snapshot. */
  start(show: (snapshot: Snapshot) => void): void {
    this.#loop = this.#read(show);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  /** From now on a failure of this run is part of the story. */
  expectFailure(stage: string, timelabel: string): void {
    this.#expectedFailures.add(`${stage} ${timelabel}`);
  }

  /** Waits until the snapshot satisfies `done`. Rejects after `seconds`, or when a run fails that should not. */
  async until(what: string, done: (snapshot: Snapshot) => boolean, seconds = 120): Promise<void> {
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        let last: Snapshot | undefined;
        waiter = {
          look: (snapshot) => {
            last = snapshot;
            if (done(snapshot)) resolve();
          },
          fail: reject,
        };
        this.#waiters.add(waiter);
        timer = setTimeout(() => reject(new Error(lateness(what, seconds, last))), seconds * 1000);
      });
    } finally {
      clearTimeout(timer);
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }

  /** What the catalog says now. */
  async now(): Promise<Snapshot> {
    return readSnapshot(this.#catalog);
  }

  async #read(show: (snapshot: Snapshot) => void): Promise<void> {
    while (!this.#stopped) {
      try {
        const snapshot = await readSnapshot(this.#catalog);
        show(snapshot);
        await this.#refuseFailures(snapshot);
        for (const waiter of [...this.#waiters]) waiter.look(snapshot);
      } catch (error) {
        for (const waiter of [...this.#waiters])
          waiter.fail(error instanceof Error ? error : new Error(String(error)));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #refuseFailures(snapshot: Snapshot): Promise<void> {
    const failed = snapshot.runs.find(
      (run) => run.status === 'FAILURE' && !this.#expectedFailures.has(`${run.stage} ${run.timelabel}`),
    );
    if (failed === undefined) return;
    const found = await this.#catalog.query<{ error: { class: string; message: string } | null }>(
      `select events->-1->'error' as error from reefline.stage_run where stage = $1 and timelabel = $2 and revision = $3`,
      [failed.stage, failed.timelabel, failed.revision],
    );
    const error = found.rows[0]?.error;
    throw new Error(
      `${failed.stage} failed for ${readable(failed.timelabel)}, revision ${failed.revision}: ${error?.class ?? ''} ${error?.message ?? ''}`,
    );
  }
}

async function readSnapshot(catalog: pg.Pool): Promise<Snapshot> {
  const [runs, events] = await Promise.all([
    catalog.query<RunRow>(
      'select stage, timelabel, revision, status from reefline.stage_run order by revision',
    ),
    catalog.query<EventRow>(
      `select received_at as at, dataset, timelabel, revision,
              coalesce(status, body->>'change') as outcome, (body->>'rows')::int as rows
         from reefline.data_event order by seq desc limit ${EVENTS_SHOWN}`,
    ),
  ]);
  return { runs: runs.rows, events: events.rows };
}

function lateness(what: string, seconds: number, last: Snapshot | undefined): string {
  const open = (last?.runs ?? [])
    .filter((run) => run.status === 'RUNNING' || run.status === 'WAITING')
    .map(
      (run) =>
        `  ${run.status.toLowerCase()}: ${run.stage} ${readable(run.timelabel)}, revision ${run.revision}`,
    );
  const list = open.length === 0 ? '  no run is open' : open.slice(0, 20).join('\n');
  return `This did not happen within ${seconds} s: ${what}. Open runs:\n${list}`;
}

/** True when the newest revision of the run succeeded (and is at least `revision`). */
export function succeeded(snapshot: Snapshot, stage: string, timelabel: string, revision = 1): boolean {
  const run = newestRun(snapshot, stage, timelabel);
  return run?.status === 'SUCCESS' && run.revision >= revision;
}

export function newestRun(snapshot: Snapshot, stage: string, timelabel: string): RunRow | undefined {
  return snapshot.runs.findLast((run) => run.stage === stage && run.timelabel === timelabel);
}
