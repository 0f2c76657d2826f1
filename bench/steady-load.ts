import { setTimeout as pause } from 'node:timers/promises';
import { applyProject } from '../cli/apply.ts';
import { routerId } from '../pipeline/ids.ts';
import type { RouterStatus } from '../signals/index.ts';
import type { Work } from './capacity.ts';
import { cpuSeconds } from './cpu.ts';
import { withDailies } from './daily-project.ts';
import { clock } from './first-line.ts';
import { residentMb } from './memory.ts';
import { labelOf } from './project.ts';
import type { Stack } from './stack.ts';

const HOURS = 24;
/** How many datasets the pipelines of steady loads have, and so how many events a signal to each brings. */
const WIDTHS = [1, 10, 50] as const;
export type Width = (typeof WIDTHS)[number];
/** Signals that the sender is ahead of the router; each has an event of every dataset. */
const AHEAD = 20;
/** What has not arrived by then, in milliseconds, never will. */
const PATIENCE = 300_000;

/** CPU of each for one event and its part of a run, in milliseconds, and how fast the events went. */
export interface EventCost extends Work {
  readonly eventsPerSecond: number;
}

/** Puts the pipelines of steady loads into force, beside those of the other figures. */
export async function applySteady(stack: Stack): Promise<void> {
  const dailies = WIDTHS.flatMap((width) =>
    namesOf(width).map((name) => ({ name, pipeline: pipelineOf(width) })),
  );
  await applyProject(stack.db, stack.client, withDailies('steady', dailies), 'bench');
}

/**
 * A constant load on one router: hour by hour an event of each dataset of its pipeline, in one signal, of which each day starts a run. The
 * sender waits for the router, so that its queue is short and it continues as new as it does in a day's work.
 */
export class SteadyLoad {
  readonly #stack: Stack;
  readonly #pipeline: string;
  readonly #names: readonly string[];
  #days = 0;
  #longest = 0;
  #largest = 0;

  private constructor(stack: Stack, width: Width) {
    this.#stack = stack;
    this.#pipeline = pipelineOf(width);
    this.#names = namesOf(width);
  }

  static async begin(stack: Stack, width: Width): Promise<SteadyLoad> {
    await stack.startRouter(pipelineOf(width));
    return new SteadyLoad(stack, width);
  }

  /** Events that were routed so far. */
  get events(): number {
    return this.#days * this.eventsOfDay;
  }

  get eventsOfDay(): number {
    return this.#names.length * HOURS;
  }

  /** Routes so many days. @throws when an event or a run is lost or doubled. */
  async route(days: number): Promise<EventCost> {
    const before = this.#used();
    const begun = clock();
    const from = this.#days;
    for (let hour = from * HOURS; hour < (from + days) * HOURS; hour += 1) {
      await this.#stack.signal(
        this.#pipeline,
        this.#names.map((name) => eventOf(name, hour)),
      );
      await this.#until(async () => (await this.#accepted('steady', [Math.max(0, hour - AHEAD)])) > 0);
      if (hour % HOURS === 0) await this.#observe();
    }
    const labels = Array.from({ length: days }, (_, at) => (from + at) * HOURS);
    const runs = days * this.#names.length;
    await this.#until(async () => (await this.#accepted('daily', labels)) >= runs);
    const seconds = (clock() - begun) / 1_000;
    const after = this.#used();
    this.#days += days;
    const keys = labels.flatMap((label) =>
      this.#names.map((name) => `${this.#pipeline}.${name}/${labelOf(label)}`),
    );
    const odd = keys.filter((key) => this.#stack.routed.timesReached(key) !== 1);
    if (odd.length > 0) throw new Error(`${String(odd.length)} runs of a steady load did not run once.`);
    const events = days * this.eventsOfDay;
    const each = (at: 0 | 1 | 2): number => (1_000 * (after[at] - before[at])) / events;
    return {
      ...{ temporalServer: each(0), worker: each(1), catalogPostgres: each(2) },
      eventsPerSecond: events / seconds,
    };
  }

  /** Of the router's histories, the most that was seen once a day; how often it began a new one; and what its worker holds, in MiB. */
  async held(): Promise<Readonly<Record<string, number>>> {
    await this.#observe();
    const { continued } = await this.#router().query<RouterStatus>('status');
    return {
      ...{ longestHistoryEvents: this.#longest, largestHistoryKb: Math.round(this.#largest / 1_000) },
      ...{ continuedAsNew: continued ?? 0, workerMemoryMb: residentMb(this.#stack.routed.pid) },
    };
  }

  #router(): ReturnType<Stack['client']['workflow']['getHandle']> {
    return this.#stack.client.workflow.getHandle(routerId(this.#pipeline));
  }

  async #observe(): Promise<void> {
    const { historyLength, historySize } = await this.#router().describe();
    this.#longest = Math.max(this.#longest, historyLength);
    this.#largest = Math.max(this.#largest, historySize ?? 0);
  }

  /** CPU seconds so far of the server, the worker and the catalog. */
  #used(): readonly [number, number, number] {
    const { temporal, postgres } = this.#stack.serverCpu();
    return [temporal, cpuSeconds(this.#stack.routed.pid), postgres];
  }

  /** Data events of all datasets of a schema with these labels. What it costs does not depend on how many there are besides: an index has them. */
  async #accepted(schema: string, hours: readonly number[]): Promise<number> {
    const { rows } = await this.#stack.db.query<{ count: number }>(
      `select count(*)::int as count from reefline.data_event
        where event_type = 'data' and dataset = any($1) and timelabel = any($2)`,
      [this.#names.map((name) => `warehouse.${schema}.${name}`), hours.map(labelOf)],
    );
    return rows[0]?.count ?? 0;
  }

  async #until(done: () => Promise<boolean>): Promise<void> {
    const begun = clock();
    while (!(await done())) {
      if (clock() - begun > PATIENCE)
        throw new Error(
          `A router that is sent few events at a time takes none for ${String(PATIENCE / 1_000)} s.`,
        );
      await pause(20);
    }
  }
}

function eventOf(name: string, hour: number): Record<string, string> {
  return {
    ...{ event_type: 'data', type: 'redshift', schema: 'steady', table: name },
    ...{ timelabel: labelOf(hour), status: 'SUCCESS' },
  };
}

function pipelineOf(width: Width): string {
  return `steady_${String(width)}`;
}

function namesOf(width: Width): readonly string[] {
  return Array.from({ length: width }, (_, at) => `steady_${String(width)}_${String(at)}`);
}
