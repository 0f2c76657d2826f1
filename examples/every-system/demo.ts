import { type Day, planOf } from '../flights/calendar.ts';
import { EventQueue } from '../flights/event-queue.ts';
import { Ledger, succeeded } from '../flights/ledger.ts';
import { onStack, secondsSince } from '../flights/on-stack.ts';
import { queueLines } from '../flights/report.ts';
import { tickDays } from '../flights/schedules.ts';
import type { Steps } from '../flights/steps.ts';
import type { View } from '../flights/view.ts';
import { checkResults } from './check-results.ts';
import { CHECKED } from './checked-datasets.ts';
import { readFindings } from './findings.ts';
import { verifiedLines } from './report.ts';
import { type Stack, startStack } from './stack.ts';
import { verify } from './verification.ts';

/** Days that the schedules tick for. The sources hold the day after them, too, which nobody may fetch. */
const DAYS = 2;
/** Stages that a clock starts, by the source that they read. */
const CLOCKED = {
  airline: ['network.fetch_flights', 'network.fetch_airports'],
  islands: ['network.fetch_islands'],
} as const;

/**
 * One project through every system: starts a server for each, runs two days and verifies every dataset. False when
 * something differs.
 */
export async function playEverySystem(
  steps: Steps,
  view: View,
  { dir, keep }: { readonly dir: string; readonly keep: boolean },
): Promise<boolean> {
  const began = performance.now();
  const { days } = planOf(DAYS);
  const dates = planOf(DAYS + 1).days.map(({ date }) => date);
  const stack = await startStack(dir, dates, (name, work) => steps.run(name, work, 'set-up'));
  const kept = `Everything is left running until Ctrl-C. Temporal UI: ${stack.cloud.temporalUiUrl}`;
  return onStack(stack, { steps, view, keepLines: keep ? () => [kept] : undefined }, async () => {
    view.say(`Ready after ${secondsSince(began)}. Temporal UI: ${stack.cloud.temporalUiUrl}`);
    view.say(
      'Services of vendors are stand-ins that their own clients talk to; docs/local-cloud.md says what each imitates.',
    );
    view.say();
    const held = await runAndVerify(steps, view, stack, days, dir);
    view.say(`all of it took ${secondsSince(began)}`);
    return held;
  });
}

async function runAndVerify(
  steps: Steps,
  view: View,
  stack: Stack,
  days: readonly Day[],
  dir: string,
): Promise<boolean> {
  const made = CHECKED.filter(({ source }) => !stack.leftOut.has(source));
  const datasets = new Set(made.map(({ dataset }) => dataset));
  const stages = stack.stages.filter(({ output }) => datasets.has(output));
  const expected = stages.length * days.length;
  const ledger = new Ledger(stack.catalog);
  const queue = new EventQueue(stack.sqs, stack.queueUrl);
  const run = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    steps.run(name, () => Promise.race([work(), stack.worker.died]));
  try {
    view.open({ stages, days });
    ledger.start((snapshot) => view.show(snapshot));
    queue.start();
    view.say(
      `The schedules tick for ${days.length} days of January 2001: ${stages.length} stages, ${expected} runs.`,
    );
    await run('run the days through every system', async () => {
      for (const [source, clocked] of Object.entries(CLOCKED))
        if (!stack.leftOut.has(source))
          for (const stage of clocked)
            await tickDays(
              stack.client,
              stage,
              days.map(({ start }) => start),
            );
      await ledger.until('every stage has run for every day', (snapshot) =>
        stages.every(({ id }) => days.every(({ label }) => succeeded(snapshot, id, label))),
      );
    });
    await run('receive the events', () =>
      queue.until((events) => events.filter(({ event_type }) => event_type === 'data').length >= expected),
    );
    view.close();
    const dates = days.map(({ date }) => date);
    const read = await run('read every system', () => readFindings(stack.environment, dir, dates));
    const { events } = queue;
    const datasets = new Map([...read.datasets, ...checkResults(events)]);
    const verified = verify({ ...read, datasets, dates, events });
    view.say(['', ...queueLines(queue), '', ...verifiedLines(verified, stack.leftOut)].join('\n'));
    return verified.every(({ differences }) => differences.length === 0);
  } finally {
    view.close();
    await ledger.stop();
    await queue.stop();
  }
}
