/**
 * Real flights, from PostgreSQL to a served table, by data events: starts everything on this machine, runs some days,
 * plays four stories and verifies the result. Exit code 0 only when every story held and nothing differs.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DemoArguments, readArguments, USAGE } from './arguments.ts';
import { planOf } from './calendar.ts';
import type { Demo } from './demo-context.ts';
import { EventQueue } from './event-queue.ts';
import { keepLines } from './keep.ts';
import { Ledger } from './ledger.ts';
import { onStack, secondsSince } from './on-stack.ts';
import { latencyLines, movedLines, queueLines, verificationLines } from './report.ts';
import { type Stack, startStack } from './stack.ts';
import { failingFetch } from './story-failing-fetch.ts';
import { lateRows } from './story-late-rows.ts';
import { createHubs, outsideService } from './story-outside-service.ts';
import { runDays } from './story-schedules.ts';
import { slowFetch } from './story-slow-fetch.ts';
import { Steps } from './steps.ts';
import { verify } from './verification.ts';
import { View } from './view.ts';

/** Runs the demo; false when a story or the verification did not hold. */
async function play(steps: Steps, view: View, options: DemoArguments): Promise<boolean> {
  const plan = planOf(options.days);
  const began = performance.now();
  await mkdir(options.dir, { recursive: true });
  const stack = await startStack(options.dir, plan.lateHour, (name, work) => steps.run(name, work, 'set-up'));
  const keep = options.keep ? () => keepLines(stack, plan) : undefined;
  return onStack(stack, { steps, view, keepLines: keep }, async () => {
    const { flights, late, airports } = stack.sourceRows;
    const rows = (flights + late).toLocaleString('en-US');
    view.say(
      `Ready after ${secondsSince(began)}: ${rows} flights (${late} of them not delivered yet) and ${airports} airports. Temporal UI: ${stack.cloud.temporalUiUrl}`,
    );
    view.say();
    return tell(steps, view, stack, plan);
  });
}

/** The days, the stories and the verification. */
async function tell(steps: Steps, view: View, stack: Stack, plan: Demo['plan']): Promise<boolean> {
  const ledger = new Ledger(stack.catalog);
  const queue = new EventQueue(stack.sqs, stack.queueUrl);
  let failed = 0;
  const check = (holds: boolean, sentence: string): void => {
    if (!holds) failed += 1;
    view.say(`    ${holds ? view.paint('green', '✓') : view.paint('red', '✗ not so:')} ${sentence}`);
  };
  const demo: Demo = { stack, plan, ledger, queue, view, check };
  const begun = performance.now();
  const run = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    steps.run(name, () => Promise.race([work(), stack.worker.died]));
  try {
    view.open({ stages: inReadingOrder(stack.stages), days: plan.days });
    ledger.start((snapshot) => view.show(snapshot));
    queue.start();
    await run('create the table of the planning service', () => createHubs(stack.warehouseUrl));
    await run('run the days through the schedules', () => runDays(demo));
    const burstEnd = new Date();
    await run('story (a), the slow fetch', () => slowFetch(demo));
    await run('story (b), the late rows', () => lateRows(demo));
    await run('story (c), the failing fetch', () => failingFetch(demo));
    await run('story (d), the service outside', () => outsideService(demo));
    const took = secondsSince(begun);
    await run('receive all events from the queue', () => allEventsReceived(demo));
    view.close();
    for (const lines of [
      await movedLines(stack.catalog),
      await latencyLines(stack.catalog, burstEnd),
      queueLines(queue),
    ])
      view.say(['', ...lines].join('\n'));
    const verified = await run('verify', () =>
      verify(
        stack,
        plan.days.map((day) => day.date),
      ),
    );
    view.say(
      [
        '',
        ...verificationLines(verified),
        `days and stories took ${took}; checks that did not hold: ${failed}`,
      ].join('\n'),
    );
    return failed === 0 && verified.differences.length === 0;
  } finally {
    view.close();
    await ledger.stop();
    await queue.stop();
  }
}

/** From the source to the served table; a project has its pipelines in the order of their files. */
function inReadingOrder(stages: Stack['stages']): Stack['stages'] {
  const order = ['flights', 'airports', 'delays'];
  return stages.toSorted((a, b) => order.indexOf(a.pipeline) - order.indexOf(b.pipeline));
}

/** Every event of the log is owed to the queue, so all of them must arrive there. */
async function allEventsReceived({ stack, queue, check }: Demo): Promise<void> {
  const logged = await stack.catalog.query<{ count: number }>(
    'select count(*)::int as count from reefline.data_event',
  );
  const count = logged.rows[0]?.count ?? 0;
  await queue.until((events) => events.length >= count);
  check(queue.size === count, `the customers' queue got each of the ${count} events of the log`);
}

/** Every system has many clients, which are loaded only when they are needed. */
async function playChosen(steps: Steps, view: View, options: DemoArguments): Promise<boolean> {
  if (!options.all) return play(steps, view, options);
  const { playEverySystem } = await import('../every-system/demo.ts');
  return playEverySystem(steps, view, options);
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const view = new View(process.stdout, process.env);
  // However the process ends, the terminal gets its cursor back.
  process.on('exit', () => view.close());
  const steps = new Steps((line) => view.say(line));
  try {
    return (await playChosen(steps, view, options)) ? 0 : 1;
  } catch (error) {
    view.close();
    if (steps.wasInterrupted) return 130;
    process.stderr.write(
      `\nThe demo stopped while it tried to ${steps.current}:\n${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.stderr.write(
      `The worker's log is ${join(options.dir, 'worker.log')}; the servers' logs are below ${join(options.dir, 'cloud')}.\n`,
    );
    return 1;
  }
}

// A step that was interrupted may still hold timers and connections.
process.exit(await main());
