import { setTimeout as pause } from 'node:timers/promises';
import { clock } from './first-line.ts';
import { percentile, reported, rounded, type Figure } from './figure.ts';
import { CHAIN, eventOf, labelOf } from './project.ts';
import { routedOne } from './run-one.ts';
import type { Stack } from './stack.ts';

const PARTITIONS = 100;
const CHAINS = 20;

/** One event through four stages that do nothing, one after the other: to the first line of the fourth. */
export async function chainOfFour(stack: Stack): Promise<Figure[]> {
  const last = CHAIN.at(-1) ?? '';
  await routedOne(stack, 'chain', 'chain', last);
  const times: number[] = [];
  for (let round = 0; round < CHAINS; round += 1)
    times.push((await routedOne(stack, 'chain', 'chain', last)).toStage);
  return [
    reported('chain_of_four_ms', percentile(times, 0.5), {
      p99: rounded(percentile(times, 0.99)),
      chains: CHAINS,
      endpoints: 0,
    }),
  ];
}

/** All hundred labels of one dataset in one signal: hundred runs, none lost, merged or doubled. */
export async function hundredPartitions(stack: Stack): Promise<Figure[]> {
  const numbers = Array.from({ length: PARTITIONS }, () => stack.fresh());
  const labels = numbers.map(labelOf);
  const sent = clock();
  await stack.signal(
    'many',
    numbers.map((nth) => eventOf('many', nth)),
  );
  const lines = await Promise.all(labels.map((label) => stack.routed.firstLine(`many.many/${label}`)));
  const firstLines = lines.map((line) => (line.began - sent) / 1_000);
  let rows = await ledger(stack, labels);
  while (rows.some((row) => row.status === 'RUNNING')) {
    await pause(50);
    rows = await ledger(stack, labels);
  }
  const seconds = (clock() - sent) / 1_000;
  const doubled = labels.filter((label) => stack.routed.timesReached(`many.many/${label}`) !== 1);
  const right =
    rows.length === PARTITIONS && rows.every((row) => row.revision === 1 && row.status === 'SUCCESS');
  if (!right || doubled.length > 0)
    throw new Error(
      `Of ${String(PARTITIONS)} partitions ${String(rows.length)} are in the ledger, ${String(doubled.length)} ran not exactly once.`,
    );
  return [
    reported('hundred_partitions_seconds', seconds, {
      firstBeganSeconds: rounded(Math.min(...firstLines)),
      lastBeganSeconds: rounded(Math.max(...firstLines)),
      runs: rows.length,
      endpoints: 0,
    }),
  ];
}

async function ledger(
  stack: Stack,
  labels: readonly string[],
): Promise<{ revision: number; status: string }[]> {
  const found = await stack.db.query<{ revision: number; status: string }>(
    `select revision, status from reefline.stage_run where stage = 'many.many' and timelabel = any($1)`,
    [labels],
  );
  return found.rows;
}
