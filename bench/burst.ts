import { setTimeout as pause } from 'node:timers/promises';
import { BARE_QUEUE } from './bare/queue.ts';
import { cpuSeconds } from './cpu.ts';
import { clock } from './first-line.ts';
import { atLeast, atMost, percentile, rounded, type Figure } from './figure.ts';
import { BURST_DATASETS, burstEntry, eventOf, labelOf } from './project.ts';
import type { Stack } from './stack.ts';
import type { WorkerHandle } from './worker-handle.ts';

const EVENTS = 500;
/** Single rounds scatter by a third (docs/performance.md, "What was tried"). */
const ROUNDS = 9;
/** Senders at once, on both sides. */
const SENDERS = 50;

interface Burst {
  readonly seconds: number;
  readonly temporal: number;
  readonly worker: number;
  readonly postgres: number;
}

/** 500 events over 20 datasets at once against 500 bare workflows at once, alternately; medians of the rounds' ratios. */
export async function burst(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  await routedBurst(stack, 100);
  await bareBurst(stack, 100);
  const bare: Burst[] = [];
  const routed: Burst[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    bare.push(await bareBurst(stack, EVENTS));
    routed.push(await routedBurst(stack, EVENTS));
    say(
      `burst ${String(round)} of ${String(ROUNDS)}: bare ${line(bare.at(-1))}; routed ${line(routed.at(-1))}`,
    );
  }
  const cpu = (bursts: readonly Burst[]): number => sum(bursts, 'temporal') + sum(bursts, 'worker');
  const each = (value: number): number => rounded((1_000 * value) / (EVENTS * ROUNDS));
  const cost = (bursts: readonly Burst[]): Record<string, number> => ({
    temporalServer: each(sum(bursts, 'temporal')),
    worker: each(sum(bursts, 'worker')),
    catalogPostgres: each(sum(bursts, 'postgres')),
  });
  const rate = (bursts: readonly Burst[]): number => (EVENTS * bursts.length) / sum(bursts, 'seconds');
  const ratios = (of: (bursts: readonly Burst[]) => number): number[] =>
    routed.map((value, index) => of([value]) / of(bare.slice(index, index + 1)));
  const [cpuRatios, rateRatios] = [ratios(cpu), ratios(rate)];
  const common = { events: EVENTS, datasets: BURST_DATASETS, rounds: ROUNDS, endpoints: 0 };
  return [
    atMost('routed_run_cpu_ratio', percentile(cpuRatios, 0.5), 1.6, {
      ...common,
      bareCpuMsPerRun: cost(bare),
      routedCpuMsPerRun: cost(routed),
      ratioWithCatalog: rounded((cpu(routed) + sum(routed, 'postgres')) / cpu(bare)),
      ratios: cpuRatios.map(rounded),
    }),
    atLeast('routed_runs_per_second_ratio', percentile(rateRatios, 0.5), 0.65, {
      ...common,
      bareRunsPerSecond: rounded(rate(bare)),
      routedRunsPerSecond: rounded(rate(routed)),
      ratios: rateRatios.map(rounded),
    }),
  ];
}

function sum(bursts: readonly Burst[], field: keyof Burst): number {
  return bursts.reduce((total, value) => total + value[field], 0);
}

function line(value: Burst | undefined): string {
  if (value === undefined) return '';
  const { seconds, temporal, worker, postgres } = value;
  return `${seconds.toFixed(1)} s, CPU s: server ${temporal.toFixed(2)}, worker ${worker.toFixed(2)}, catalog ${postgres.toFixed(2)}`;
}

async function bareBurst(stack: Stack, size: number): Promise<Burst> {
  const keys = Array.from({ length: size }, () => `bare/${String(stack.fresh())}`);
  return measured(stack, stack.bare, keys, `TaskQueue = '${BARE_QUEUE}'`, () =>
    inLanes(keys, (key) =>
      stack.client.workflow.start('bare', { workflowId: key, taskQueue: BARE_QUEUE, args: [key] }),
    ),
  );
}

/** So many events over 20 datasets at once, so many in a signal, each of which starts a run. */
export async function routedBurst(stack: Stack, size: number, together = 1): Promise<Burst> {
  const messages = Array.from({ length: size }, (_, index) => {
    const entry = burstEntry(index % BURST_DATASETS);
    const nth = stack.fresh();
    return { key: `burst.${entry}/${labelOf(nth)}`, event: eventOf(entry, nth) };
  });
  const keys = messages.map(({ key }) => key);
  const signals = Array.from({ length: Math.ceil(size / together) }, (_, nth) =>
    messages.slice(nth * together, (nth + 1) * together).map(({ event }) => event),
  );
  return measured(stack, stack.routed, keys, `WorkflowType = 'stageRun'`, () =>
    inLanes(signals, (events) => stack.signal('burst', events)),
  );
}

async function inLanes<T>(items: readonly T[], send: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await send(item);
  };
  await Promise.all(Array.from({ length: SENDERS }, lane));
}

/** Sends, waits until every run has begun exactly once and is closed, and then until nothing is left to do. */
async function measured(
  stack: Stack,
  worker: WorkerHandle,
  keys: readonly string[],
  which: string,
  send: () => Promise<void>,
): Promise<Burst> {
  const cpu = (): Omit<Burst, 'seconds'> => ({ ...stack.serverCpu(), worker: cpuSeconds(worker.pid) });
  const before = cpu();
  const begun = clock();
  await send();
  await Promise.all(keys.map((key) => worker.firstLine(key)));
  while ((await running(stack, which)) > 0) await pause(50);
  const seconds = (clock() - begun) / 1_000;
  await routersAreIdle(stack);
  const after = cpu();
  const odd = keys.find((key) => worker.timesReached(key) !== 1);
  if (odd !== undefined) throw new Error(`${odd} ran ${String(worker.timesReached(odd))} times.`);
  return {
    seconds,
    temporal: after.temporal - before.temporal,
    worker: after.worker - before.worker,
    postgres: after.postgres - before.postgres,
  };
}

async function running(stack: Stack, which: string): Promise<number> {
  const { count } = await stack.client.workflow.count(`${which} AND ExecutionStatus = 'Running'`);
  return count;
}

/** The events that runs themselves send arrive last; they belong to the cost of a run. */
async function routersAreIdle(stack: Stack): Promise<void> {
  const owed = async (): Promise<number> => {
    const found = await stack.db.query<{ count: number }>(
      `select count(*)::int as count from reefline.stage_run r
        where status = 'SUCCESS' and not exists (select from reefline.data_event e
          where e.dataset = r.dataset and e.timelabel = r.timelabel and e.revision = r.revision)`,
    );
    return found.rows[0]?.count ?? 0;
  };
  while ((await owed()) > 0) await pause(100);
  await pause(300);
}
