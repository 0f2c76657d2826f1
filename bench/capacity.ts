/**
 * How much Temporal server, worker and catalog a load needs: what a signal, an event and a run cost each, and how long a burst takes. Pure;
 * docs/performance.md explains it, and bench/capacity-simulation.ts checks the estimate of a burst.
 */

/** CPU of each, in milliseconds, or cores of each. */
export interface Work {
  readonly temporalServer: number;
  readonly worker: number;
  readonly catalogPostgres: number;
}

/** What a load consists of: signals from outside, the events in them, and the runs that these start. Counts, or rates per second. */
export interface Load {
  readonly signals: number;
  readonly events: number;
  readonly runs: number;
}

/** CPU milliseconds. A run's contain the signal and the acceptance of the event that it reports; the work of its stage is not in them. */
export interface Costs {
  readonly signal: Work;
  readonly event: Work;
  readonly run: Work;
}

/** A load and what it was measured to cost in all. */
export interface Measured {
  readonly load: Load;
  readonly work: Work;
}

export const PARTS = ['temporalServer', 'worker', 'catalogPostgres'] as const;

/** CPU milliseconds that a load costs; cores times 1,000 when it is given per second. */
export function workOf({ signal, event, run }: Costs, { signals, events, runs }: Load): Work {
  return each((part) => signals * signal[part] + events * event[part] + runs * run[part]);
}

/**
 * The costs that explain three loads exactly; what comes out below nothing is noise, and is nothing. @throws RangeError when the loads do not tell signals, events and runs apart.
 */
export function costsOf(measured: readonly [Measured, Measured, Measured]): Costs {
  const rows = measured.map(({ load: { signals, events, runs } }) => [signals, events, runs]);
  const all = determinant(rows);
  const sizes = rows.flat().reduce((product, size) => product * Math.max(1, Math.abs(size)) ** (1 / 3), 1);
  if (Math.abs(all) < 1e-9 * sizes) throw new RangeError('The loads are multiples of one another.');
  const solved = (column: number): Work =>
    each((part) => {
      const replaced = rows.map((row, at) => row.with(column, measured[at]?.work[part] ?? 0));
      return Math.max(0, determinant(replaced) / all);
    });
  return { signal: solved(0), event: solved(1), run: solved(2) };
}

/** By how much the estimate of all CPU is off, as a part of what was measured; negative when it is too low. */
export function errorOf(costs: Costs, { load, work }: Measured): number {
  return total(workOf(costs, load)) / total(work) - 1;
}

/** Cores of each that a load per second needs when no more than this part of them shall be busy. */
export function coresFor(costs: Costs, perSecond: Load, busy: number): Work {
  const work = workOf(costs, perSecond);
  return each((part) => work[part] / 1_000 / busy);
}

/** What a burst meets: cores of each, routers among which its events are divided, slots of the connection, and how long a stage takes, in seconds. */
export interface Machinery {
  readonly cores: Work;
  readonly routers: number;
  readonly slots: number;
  readonly stageSeconds: number;
}

/**
 * Seconds until the last run of a burst is reported whose events come all at once: as long as what is busiest takes for all of it, and the passage of one run.
 */
export function burstSeconds(costs: Costs, burst: Load, machinery: Machinery): number {
  const { cores, routers, slots, stageSeconds } = machinery;
  const work = workOf(costs, burst);
  const busiest = Math.max(...PARTS.map((part) => work[part] / 1_000 / cores[part]));
  // A router accepts one batch after the other, and all parts work at a batch in turn.
  const accepting = (burst.events * total(costs.event)) / 1_000 / routers;
  const stages = Math.ceil(burst.runs / slots) * stageSeconds;
  return Math.max(busiest + stageSeconds, accepting + stageSeconds, stages) + total(costs.run) / 1_000;
}

export function total(work: Work): number {
  return PARTS.reduce((sum, part) => sum + work[part], 0);
}

export function times(work: Work, factor: number): Work {
  return each((part) => work[part] * factor);
}

function each(of: (part: keyof Work) => number): Work {
  return {
    temporalServer: of('temporalServer'),
    worker: of('worker'),
    catalogPostgres: of('catalogPostgres'),
  };
}

function determinant(rows: readonly (readonly number[])[]): number {
  const at = (row: number, column: number): number => rows[row]?.[column % 3] ?? 0;
  return [0, 1, 2].reduce(
    (sum, c) => sum + at(0, c) * (at(1, c + 1) * at(2, c + 2) - at(1, c + 2) * at(2, c + 1)),
    0,
  );
}
