import { loadavg } from 'node:os';
import { applyProject } from '../cli/apply.ts';
import { routedBurst } from './burst.ts';
import { costsOf, errorOf, PARTS, times, total, workOf, type Load, type Work } from './capacity.ts';
import { reported, rounded, type Figure } from './figure.ts';
import { benchProject } from './project.ts';
import type { Stack } from './stack.ts';
import { applySteady, SteadyLoad, type Width } from './steady-load.ts';

const ROUNDS = 2;
const BURST = 120;

/** A load of the bench, and what it costs, in CPU milliseconds of each. */
interface Trial {
  readonly load: Load;
  readonly measure: () => Promise<Work>;
}

/** A signal costs nothing by itself: it is part of what its events cost, in signals of ten. */
const SIGNAL = {
  load: { signals: 1, events: 0, runs: 0 },
  work: { temporalServer: 0, worker: 0, catalogPostgres: 0 },
};

/**
 * What an event and a run cost the Temporal server, the worker and the catalog, from two loads in signals of ten; and by how many percent of the
 * CPU this is wrong about three others, the largest of them. Of each load the cheapest of two alternate rounds.
 */
export async function capacityError(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  await applySteady(stack);
  const day = async (width: Width, days: number): Promise<Trial> => {
    const steady = await SteadyLoad.begin(stack, width);
    const load = { signals: days * 24, events: days * steady.eventsOfDay, runs: days * width };
    return { load, measure: async () => times(await steady.route(days), load.events) };
  };
  const burst = (together: number): Trial => ({
    load: { signals: BURST / together, events: BURST, runs: BURST },
    measure: async () => {
      const { temporal, worker, postgres } = await routedBurst(stack, BURST, together);
      return times({ temporalServer: temporal, worker, catalogPostgres: postgres }, 1_000);
    },
  });
  const trials = {
    burst: burst(1),
    narrow: await day(1, 5),
    wide: await day(50, 1),
    burstOfTen: burst(10),
    days: await day(10, 2),
  };
  const least = new Map<string, Work>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, { measure }] of Object.entries(trials)) {
      const work = await measure();
      const before = least.get(name);
      if (before === undefined || total(work) < total(before)) least.set(name, work);
    }
    say(`capacity: round ${String(round)} of ${String(ROUNDS)}`);
  }
  await applyProject(stack.db, stack.client, benchProject([]), 'bench');
  const measured = (name: keyof typeof trials): { load: Load; work: Work } => ({
    load: trials[name].load,
    work: least.get(name) ?? SIGNAL.work,
  });
  const costs = costsOf([SIGNAL, measured('burstOfTen'), measured('days')]);
  const checks = [measured('burst'), measured('narrow'), measured('wide')] as const;
  const percent = checks.map((check) => 100 * errorOf(costs, check));
  return [
    reported('capacity_error_percent', Math.max(...percent.map(Math.abs)), {
      costs: { event: part(costs.event), run: part(costs.run) },
      checks: checks.map((check, at) => ({
        ...{ load: check.load, cpuMs: part(check.work), estimated: part(workOf(costs, check.load)) },
        percent: rounded(percent[at] ?? 0),
      })),
      ...{ rounds: ROUNDS, endpoints: 0, loadAverage: rounded(loadavg()[0] ?? 0) },
    }),
  ];
}

function part(work: Work): Readonly<Record<string, number>> {
  return Object.fromEntries(PARTS.map((name) => [name, rounded(work[name])]));
}
