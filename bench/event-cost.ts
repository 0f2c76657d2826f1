import { loadavg } from 'node:os';
import { applyProject } from '../cli/apply.ts';
import { total } from './capacity.ts';
import { atMost, rounded, type Figure } from './figure.ts';
import { benchProject } from './project.ts';
import { startStack, type Stack } from './stack.ts';
import { applySteady, SteadyLoad, type EventCost } from './steady-load.ts';

const OLD = 50_000;
const YOUNG = 1_000;
const ROUNDS = 7;
/** Days of one round, 240 events each in signals of ten. */
const DAYS = 12;
/** Between two looks at what the worker of the old router holds. */
const STEP = 10_000;

/**
 * What an event costs the Temporal server, the worker and the catalog after 50,000 events of its router, against after 1,000: CPU, means
 * of alternate rounds, which differ less from run to run than their medians and their least. Each router has a Temporal server, a worker
 * and a catalog of its own, so that whatever grows with what was routed is counted.
 */
export async function eventCost(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  const other = await startStack(() => undefined);
  try {
    await Promise.all([applySteady(stack), applySteady(other)]);
    const young = await SteadyLoad.begin(other, 10);
    await young.route(Math.ceil(YOUNG / young.eventsOfDay));
    const old = await SteadyLoad.begin(stack, 10);
    const held: Record<string, Readonly<Record<string, number>>> = {};
    while (old.events < OLD) {
      const left = Math.ceil((OLD - old.events) / old.eventsOfDay);
      await old.route(Math.min(left, Math.ceil((old.events === 0 ? YOUNG : STEP) / old.eventsOfDay)));
      held[`after${String(old.events)}`] = await old.held();
      say(
        `event cost: ${String(old.events)} events routed, ${JSON.stringify(held[`after${String(old.events)}`])}`,
      );
    }
    const costs = { young: [] as EventCost[], old: [] as EventCost[] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      costs.young.push(await young.route(DAYS));
      costs.old.push(await old.route(DAYS));
      say(`event cost: round ${String(round)} of ${String(ROUNDS)}, ${JSON.stringify(costs)}`);
    }
    await applyProject(stack.db, stack.client, benchProject([]), 'bench');
    return [
      atMost('event_cost_growth_ratio', mean(costs.old, total) / mean(costs.young, total), 1.1, {
        ...{ old: described(costs.old), young: described(costs.young) },
        ...{ eventsOfRound: DAYS * old.eventsOfDay, held, youngHeld: await young.held() },
        ...{ endpoints: 0, loadAverage: rounded(loadavg()[0] ?? 0) },
      }),
    ];
  } finally {
    await other.stop();
  }
}

function mean(rounds: readonly EventCost[], of: (cost: EventCost) => number): number {
  return rounds.reduce((sum, cost) => sum + of(cost), 0) / rounds.length;
}

/** CPU milliseconds for each event: the mean of the rounds of each part, and the sums of all rounds. */
function described(rounds: readonly EventCost[]): Readonly<Record<string, unknown>> {
  return {
    temporalServer: rounded(mean(rounds, (cost) => cost.temporalServer)),
    worker: rounded(mean(rounds, (cost) => cost.worker)),
    catalogPostgres: rounded(mean(rounds, (cost) => cost.catalogPostgres)),
    sums: rounds.map((cost) => rounded(total(cost))),
    eventsPerSecond: rounds.map((cost) => rounded(cost.eventsPerSecond)),
  };
}
