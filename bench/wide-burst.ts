import { setTimeout as pause } from 'node:timers/promises';
import { applyProject } from '../cli/apply.ts';
import { cpuSeconds } from './cpu.ts';
import { clock } from './first-line.ts';
import { reported, rounded, type Figure } from './figure.ts';
import { benchProject, labelOf } from './project.ts';
import type { Stack } from './stack.ts';
import { WIDE, WIDE_PIPELINES, wideDataset, widePipeline, wideProject } from './wide-project.ts';

const HOURS = 24;
/** Datasets whose day goes in one signal. */
const TOGETHER = 10;
/** What has not arrived by then, in milliseconds, never will. */
const PATIENCE = 300_000;

/**
 * The 24 labels of a day of 1,000 datasets at once, through four routers: 24,000 events and the 1,000 daily runs that they complete. Fails when an event
 * or a run is lost or doubled.
 */
export async function wideBurst(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  await applyProject(stack.db, stack.client, wideProject(), 'bench');
  for (let at = 0; at < WIDE_PIPELINES; at += 1) await stack.startRouter(widePipeline(at));
  const used = (): Record<'temporalServer' | 'catalogPostgres' | 'worker', number> => {
    const { temporal, postgres } = stack.serverCpu();
    return { temporalServer: temporal, catalogPostgres: postgres, worker: cpuSeconds(stack.routed.pid) };
  };
  const before = used();
  const begun = clock();
  await Promise.all(
    Array.from({ length: WIDE / TOGETHER }, async (_, nth) => {
      const datasets = Array.from({ length: TOGETHER }, (_, at) => nth * TOGETHER + at);
      await stack.signal(widePipeline(nth % WIDE_PIPELINES), datasets.flatMap(dayOf));
    }),
  );
  const sent = (clock() - begun) / 1_000;
  let state = await stateOf(stack);
  for (let told = 0; state.reported < WIDE; state = await stateOf(stack)) {
    if (clock() - begun > PATIENCE)
      throw new Error(
        `After ${String(PATIENCE / 1_000)} s ${JSON.stringify(state)} of ${String(WIDE)} runs.`,
      );
    if (clock() - begun > told + 15_000) {
      told = clock() - begun;
      say(`wide burst: ${String(state.events)} events accepted, ${String(state.reported)} runs reported`);
    }
    await pause(200);
  }
  const seconds = (clock() - begun) / 1_000;
  const after = used();
  const events = WIDE * HOURS;
  const odd = Array.from(
    { length: WIDE },
    (_, at) => `${widePipeline(at)}.${wideDataset(at)}/${labelOf(0)}`,
  ).filter((key) => stack.routed.timesReached(key) !== 1);
  if (odd.length > 0 || state.events !== events || state.runs !== WIDE)
    throw new Error(
      `Of the wide burst ${JSON.stringify(state)} are there, and ${String(odd.length)} did not run once.`,
    );
  await applyProject(stack.db, stack.client, benchProject([]), 'bench');
  const cpuMsPerEvent = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [
      name,
      rounded((1_000 * (value - before[name as keyof typeof before])) / events),
    ]),
  );
  return [
    reported('wide_burst_seconds', seconds, {
      ...{ datasets: WIDE, labels: HOURS, routers: WIDE_PIPELINES, runs: WIDE, endpoints: 0 },
      ...{ sentAfterSeconds: rounded(sent), eventsPerSecond: rounded(events / seconds), cpuMsPerEvent },
    }),
  ];
}

function dayOf(dataset: number): Record<string, string>[] {
  return Array.from({ length: HOURS }, (_, hour) => ({
    ...{ event_type: 'data', type: 'redshift', schema: 'wide', table: wideDataset(dataset) },
    ...{ timelabel: labelOf(hour), status: 'SUCCESS' },
  }));
}

/** Events of outside that were accepted, runs in the ledger, and those whose own event was accepted. */
async function stateOf(stack: Stack): Promise<{ events: number; runs: number; reported: number }> {
  const found = await stack.db.query<{ events: number; runs: number; reported: number }>(
    `select (select count(*)::int from reefline.data_event where dataset like 'warehouse.wide.%') as events,
            (select count(*)::int from reefline.stage_run where stage like 'wide\\_%') as runs,
            (select count(*)::int from reefline.data_event where stage like 'wide\\_%') as reported`,
  );
  return found.rows[0] ?? { events: 0, runs: 0, reported: 0 };
}
