/**
 * Runs a random project on the local cloud while processes are killed and connections break, and compares afterwards what is
 * there with the sources. Exit code 0 only when every promise held.
 */
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventQueue } from '../examples/flights/event-queue.ts';
import { findMariadb, MARIADB_INSTALL } from '../local/mariadb-programs.ts';
import { readArguments, USAGE, type ChaosArguments } from './arguments.ts';
import { checkPromises, type Finding, idsForCustomers } from './checker.ts';
import { Dice } from './dice.ts';
import { disturb } from './disturb.ts';
import { checkHistories } from './histories.ts';
import { Load } from './load.ts';
import { drawPipelines } from './project.ts';
import { report, say, sayProgress } from './report.ts';
import { startWorld, type World } from './world.ts';

/** Days of each pipeline that begin in one minute of faults: what workers on two cores keep up with, most of the time. */
const DAYS_PER_MINUTE = 0.5;
const DAILY: ReadonlySet<string> = new Set([
  'summary',
  'publish',
  'to_crm',
  'rates',
  'in_athena',
  'in_snowflake',
]);
/** Milliseconds without any progress after which nothing is waited for any more. */
const PATIENCE = 300_000;

async function play(dir: string, { minutes, seed }: ChaosArguments): Promise<boolean> {
  const dice = new Dice(seed);
  const withMysql = findMariadb() !== undefined;
  const pipelines = drawPipelines(dice, withMysql);
  if (!withMysql) say(`MySQL is left out. ${MARIADB_INSTALL}`);
  say(
    `Seed ${String(seed)}: ${pipelines.map(({ name, source, load, format }) => `${name} (${source}, ${format}, ${load})`).join(', ')}.`,
  );
  const world = await startWorld(dir, pipelines, new Dice(seed + 2));
  const queue = new EventQueue(world.sqs, world.queueUrl);
  let endProgress = (): void => undefined;
  try {
    const load = new Load(world, new Dice(seed + 1), pipelines);
    await load.createTables();
    for (const worker of world.workers) worker.start();
    queue.start();
    const end = Date.now() + minutes * 60_000;
    const days = Math.min(30, Math.ceil(minutes * DAYS_PER_MINUTE));
    const disturbance = disturb(world, dice, end);
    endProgress = sayProgress({ load, queue, struck: disturbance.struck });
    await Promise.all([disturbance.over, load.untilEnd(end, days)]);
    say(
      'Nothing breaks any more but at moments that have not come yet. Waiting until everything has come to rest.',
    );
    const repaired = await settle(world, load);
    await disturbance.stop();
    const logged = await idsForCustomers(world.catalog);
    await queue.until(() => queue.holds(logged), 60);
    const expected = {
      pipelines,
      // Stages that some editions have and others have not are not counted on.
      stages: Object.fromEntries(
        world.editions.stages
          .filter(({ name }) => name !== 'notes')
          .map(({ id, name }) => [id, DAILY.has(name) ? '1 day' : '1 hour']),
      ),
      days: load.days,
    };
    const findings = await checkPromises(world, expected, (id) => queue.holds([id]));
    const { largest, findings: ofHistories } = await checkHistories(world.client);
    return report({
      ...{ load, struck: disturbance.struck, repaired, queue, largest, seed, minutes },
      findings: [...findings, ...ofHistories, nobodyEnded(world)],
      peaks: world.workers.map(({ peak }) => peak),
    });
  } finally {
    endProgress();
    await queue.stop();
    await world.stop();
  }
}

/** Opens all ways, sets all clocks right, starts all workers, and runs failures again as a person would; returns how many those were. */
async function settle(world: World, load: Load): Promise<number> {
  for (const gate of Object.values(world.gates)) gate?.set('open');
  await Promise.all(world.workers.map((worker) => worker.setClock(0)));
  let repaired = 0;
  let last = '';
  let since = Date.now();
  for (let quiet = 0; quiet < 3;) {
    const now = await progressOf(world);
    if (now !== last) since = Date.now();
    last = now;
    if (Date.now() - since > PATIENCE) break;
    for (const worker of world.workers) worker.start();
    await sleep(1_000);
    if (await isBusy(world)) quiet = 0;
    else {
      const failures = await load.runFailuresAgain();
      repaired += failures;
      quiet = failures > 0 ? 0 : quiet + 1;
    }
  }
  return repaired;
}

/** Differs whenever a run was opened or ended, an event accepted or a message delivered. */
async function progressOf({ catalog }: World): Promise<string> {
  const { rows } = await catalog.query<{ state: string }>(
    `select concat_ws(' ', (select count(*) from reefline.data_event), (select count(*) from reefline.delivery where status = 'owed'),
       (select string_agg(concat_ws(' ', status, runs), ' ' order by status) from (select status, count(*) as runs from reefline.stage_run group by 1) s)) as state`,
  );
  return rows[0]?.state ?? '';
}

async function isBusy({ catalog, client }: World): Promise<boolean> {
  const { rows } = await catalog.query<{ busy: boolean }>(
    `select exists (select 1 from reefline.stage_run where status = 'RUNNING')
         or exists (select 1 from reefline.delivery where status = 'owed')
         or exists (select 1 from reefline.stage_run r, jsonb_array_elements(r.events) e
                     where not exists (select 1 from reefline.data_event d where d.event_id = e->>'eventId')) as busy`,
  );
  if (rows[0]?.busy !== false) return true;
  // A run that waits for inputs has a workflow, too, and waits as long as a label above it is a failure.
  const { count } = await client.workflow.count(`WorkflowType = 'stageRun' and ExecutionStatus = 'Running'`);
  const waiting = await catalog.query(`select 1 from reefline.stage_run where status = 'WAITING'`);
  return count > waiting.rows.length;
}

/** Whatever server is away, and for how long: a worker keeps trying. */
function nobodyEnded({ workers }: World): Finding {
  return {
    promise: 'no worker ends by itself',
    looked: workers.length,
    broken: workers.flatMap(({ ends }) => ends),
  };
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2), () => randomInt(2 ** 32));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const dir = await mkdtemp(join(tmpdir(), 'reefline-chaos-'));
  // As root, PostgreSQL runs as another user, who must be able to reach its folder.
  await chmod(dir, 0o711);
  let held = false;
  try {
    held = await play(dir, options);
    return held ? 0 : 1;
  } finally {
    if (held) await rm(dir, { recursive: true, force: true });
    else process.stderr.write(`The logs are kept in ${dir}.\n`);
  }
}

process.exit(await main());
