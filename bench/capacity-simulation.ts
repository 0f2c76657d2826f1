import { PARTS, type Costs, type Load, type Machinery, type Work } from './capacity.ts';
import { Agenda, Station } from './queueing.ts';

/** Most events of one acceptance, as in the router. */
const BATCH = 100;

/** Seconds from the first arrival to the report of the last run, and from each event that started a run to the report of that. */
export interface Simulated {
  readonly seconds: number;
  readonly delays: readonly number[];
}

/**
 * Sends a load through queues, with the costs as times of service: a signal to catalog, worker and server; its events to a router, which accepts
 * one batch at a time there; the runs that these start, half of their work before and half after a slot of the connection, which they hold for
 * as long as a stage takes. `arrivals`: the second at which each signal is sent, ascending.
 */
export function simulate(
  costs: Costs,
  load: Load,
  { cores, routers, slots, stageSeconds }: Machinery,
  arrivals: readonly number[],
): Simulated {
  const agenda = new Agenda();
  const stations = new Map(PARTS.map((part) => [part, new Station(agenda, cores[part])]));
  const connection = new Station(agenda, slots);
  const work = (each: Work, times: number, done: () => void, left: readonly (keyof Work)[] = PARTS): void => {
    const [part, ...rest] = left;
    if (part === undefined) done();
    else stations.get(part)?.serve((each[part] * times) / 1_000, () => work(each, times, done, rest));
  };
  const delays: number[] = [];
  let last = 0;
  const report = (arrived: number): void => {
    last = agenda.now;
    delays.push(last - arrived);
  };
  const run = (arrived: number): void => {
    const after = (): void => work(costs.run, 0.5, () => report(arrived));
    work(costs.run, 0.5, () => connection.serve(stageSeconds, after));
  };
  const queues = Array.from({ length: routers }, () => [] as Waiting[]);
  const busy = new Set<number>();
  const accept = (router: number): void => {
    const batch = busy.has(router) ? [] : (queues[router]?.splice(0, BATCH) ?? []);
    if (batch.length === 0) return;
    busy.add(router);
    work(costs.event, batch.length, () => {
      busy.delete(router);
      for (const { arrived, starts } of batch) if (starts) run(arrived);
      accept(router);
    });
  };
  const startsUpTo = (event: number): number => Math.floor((event * load.runs) / load.events);
  for (const [signal, arrived] of arrivals.entries()) {
    const from = Math.floor((signal * load.events) / arrivals.length);
    const end = Math.floor(((signal + 1) * load.events) / arrivals.length);
    const events = Array.from({ length: end - from }, (_, at) => ({
      ...{ arrived, starts: startsUpTo(from + at + 1) > startsUpTo(from + at) },
    }));
    const deliver = (): void => {
      queues[signal % routers]?.push(...events);
      accept(signal % routers);
    };
    agenda.at(arrived, () => work(costs.signal, 1, deliver));
  }
  agenda.run();
  return { seconds: last - (arrivals[0] ?? 0), delays };
}

interface Waiting {
  readonly arrived: number;
  readonly starts: boolean;
}
