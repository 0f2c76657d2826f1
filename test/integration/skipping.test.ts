import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ConfigStore } from '../../catalog/config-store.ts';
import { inTransaction } from '../../catalog/connect.ts';
import { skipLabels, type LabelSkip } from '../../catalog/skip-labels.ts';
import { describeSkip } from '../../cli/skip.ts';
import { runId } from '../../pipeline/ids.ts';
import { stageRunStatus } from '../../signals/index.ts';
import { type CliOutcome, runReefline } from '../support/cli-terminal.ts';
import { Gate, sweep, workflowOf } from '../support/damage.ts';
import { eventually } from '../support/eventually.ts';
import { expectLedger } from '../support/expect-ledger.ts';
import { projectOf } from '../support/project.ts';
import { label, openScenario, type Scenario } from '../support/scenario.ts';

/* Labels that people give up, on a real Temporal server: through the command, as a person does it. */
const SKETCHES = [
  { name: 'source', period: '1d' },
  { name: 'left', period: '1d', reads: ['source'] },
  { name: 'right', period: '1d', reads: ['source'] },
  { name: 'behind', period: '1d', reads: ['right'] },
  { name: 'joined', period: '1d', reads: ['left', 'right'] },
  { name: 'deeper', period: '1d', reads: ['left', 'behind'] },
  { name: 'other', period: '1d' },
  { name: 'both', period: '1d', reads: ['source', 'other'] },
  { name: 'told', period: '1d', reads: ['both'], on: ['SUCCESS', 'SKIPPED'] },
] as const;

let world: Scenario;
const namespaceBefore = process.env['TEMPORAL_NAMESPACE'];

beforeAll(async () => {
  world = await openScenario('skipping', projectOf(SKETCHES));
  process.env['TEMPORAL_NAMESPACE'] = world.engine.namespace;
});
afterAll(async () => {
  if (namespaceBefore === undefined) delete process.env['TEMPORAL_NAMESPACE'];
  else process.env['TEMPORAL_NAMESPACE'] = namespaceBefore;
  await world.close();
});
beforeEach(() => {
  world.failing.clear();
  world.slow.clear();
});

function skip(stage: string, ...days: string[]): Promise<CliOutcome> {
  const argv = ['skip', `p.${stage}`, ...days, '--reason', 'it will never come'];
  return runReefline(argv, {
    env: { REEFLINE_CATALOG_URL: world.engine.catalogUrl },
    actor: 'ann',
  });
}

async function skipped(stage: string, ...days: string[]): Promise<void> {
  expect(await skip(stage, ...days)).toMatchObject({ exitCode: 0, stderr: '' });
}

const ledgerIs = expectLedger(() => world);

function workflowIs(name: string, day: string, status: string): Promise<void> {
  return eventually(async () => {
    expect(await workflowOf(world.engine, name, day)).toBe(status);
  });
}

async function phaseOf(name: string, day: string): Promise<string> {
  const run = world.client.workflow.getHandle(runId(`p.${name}`, day));
  return (await run.query(stageRunStatus)).phase;
}

async function notes(name: string, day: string): Promise<string[]> {
  const found = await world.engine.db.query<{ line: string }>(
    `select 'r' || revision || ' ' || decision || coalesce(' by ' || actor, '') as line from reefline.run_note
      where stage = $1 and timelabel = $2 order by seq`,
    [`p.${name}`, day],
  );
  return found.rows.map(({ line }) => line);
}

/** `both` waits for `other`, because its other input is there. */
async function untilBothWaits(day: string): Promise<void> {
  await world.run('source', day);
  await ledgerIs('both', day, ['r1 WAITING']);
  await workflowIs('both', day, 'RUNNING');
}

test('a join below a diamond waits no more when the branch that it waits for is skipped', async () => {
  const day = '20010101000000';
  await world.run('source', day);
  await ledgerIs('joined', day, ['r1 SUCCESS']);
  await ledgerIs('deeper', day, ['r1 SUCCESS']);
  world.failing.set(`right ${day}`, { by: 'the test' });
  await world.run('source', day, true);
  await ledgerIs('right', day, ['r1 SUCCESS', 'r2 FAILURE']);
  await ledgerIs('joined', day, ['r1 SUCCESS', 'r2 WAITING']);
  await ledgerIs('deeper', day, ['r1 SUCCESS', 'r2 WAITING']);
  // Only the skip can let the joins go on: everything else has been decided.
  await eventually(async () => {
    expect(await world.verdicts(`p.right/${day}/r2`)).toEqual(['behind filtered', 'joined filtered']);
    expect(await world.verdicts(`p.left/${day}/r2`)).toEqual(['deeper joined', 'joined joined']);
  });
  await skipped('right', day);
  await ledgerIs('right', day, ['r1 SUCCESS', 'r2 FAILURE', 'r3 SKIPPED']);
  // The one reads what was skipped, the other something that was made of it and is not made again.
  await ledgerIs('joined', day, ['r1 SUCCESS', 'r2 SUCCESS']);
  await ledgerIs('deeper', day, ['r1 SUCCESS', 'r2 SUCCESS']);
  expect(await world.verdicts(`p.right/${day}/r3`)).toEqual(['behind filtered', 'joined filtered']);
});

test('a label that is skipped while it waits for inputs ends its workflow, and later inputs open it again', async () => {
  const day = '20010102000000';
  await untilBothWaits(day);
  await skipped('both', day);
  await workflowIs('both', day, 'COMPLETED');
  await ledgerIs('told', day, ['r1 SUCCESS']);
  expect(await world.ledger('both', day)).toEqual(['r1 SKIPPED']);
  expect(await notes('both', day)).toEqual(['r1 waiting', 'r1 skipped by ann']);
  // The input that it lacked is a change of what is there.
  await world.run('other', day);
  await ledgerIs('both', day, ['r1 SKIPPED', 'r2 SUCCESS']);
  await ledgerIs('told', day, ['r1 SUCCESS', 'r2 SUCCESS']);
});

test('a label that waits because a person asked for it is given up all the same, and waits again when one input changes', async () => {
  const day = '20010103000000';
  await world.run('both', day);
  await ledgerIs('both', day, ['r1 WAITING']);
  await skipped('both', day);
  await workflowIs('both', day, 'COMPLETED');
  expect(await world.ledger('both', day)).toEqual(['r1 SKIPPED']);
  await world.run('source', day);
  await ledgerIs('both', day, ['r1 SKIPPED', 'r2 WAITING']);
  await world.run('other', day);
  await ledgerIs('both', day, ['r1 SKIPPED', 'r2 SUCCESS']);
});

test('a person who asks for a skipped label has it wait or run again', async () => {
  const day = '20010104000000';
  await untilBothWaits(day);
  await skipped('both', day);
  await workflowIs('both', day, 'COMPLETED');
  await world.run('both', day);
  await ledgerIs('both', day, ['r1 SKIPPED', 'r2 WAITING']);
});

test('a run in flight and a label that is done are not skipped, and the cure is named', async () => {
  const day = '20010105000000';
  const gate = new Gate();
  world.slow.set(`source ${day}`, gate.opened);
  await world.run('source', day);
  await eventually(() => {
    expect(world.executed).toContain(`source ${day} r1`);
  });
  const running = await skip('source', day);
  expect(running.exitCode).toBe(1);
  expect(running.stdout).toContain(`temporal workflow cancel --workflow-id run/p.source/${day}`);
  gate.open();
  await ledgerIs('left', day, ['r1 SUCCESS']);
  const done = await skip('left', day);
  expect(done.exitCode).toBe(1);
  expect(done.stdout).toContain(`reefline runs show p.left ${day}`);
  expect(await world.ledger('source', day)).toEqual(['r1 SUCCESS']);
  expect(await world.ledger('left', day)).toEqual(['r1 SUCCESS']);
});

test('skipping again, and several labels at once, leaves one revision, one note and one event each', async () => {
  const days = ['20010106000000', '20010107000000'];
  for (const day of days) await untilBothWaits(day);
  await skipped('both', ...days);
  await skipped('both', ...days);
  for (const day of days) {
    await workflowIs('both', day, 'COMPLETED');
    await eventually(async () => {
      expect(await world.events('both', day)).toEqual(['r1 SKIPPED']);
    });
    expect(await world.ledger('both', day)).toEqual(['r1 SKIPPED']);
    expect(await notes('both', day)).toEqual(['r1 waiting', 'r1 skipped by ann']);
  }
});

test('the sweep tells everybody when the process dies after the skip is recorded', async () => {
  const day = '20010108000000';
  // Asked for by a person, so that no event wakes it.
  await world.run('both', day);
  await eventually(async () => {
    expect(await phaseOf('both', day)).toBe('waiting');
  });
  const target = { stage: world.stage('both'), timelabel: label(day) };
  const by = { actor: 'ann', reason: 'it will never come' };
  await inTransaction(world.engine.db, (client) => skipLabels(client, new ConfigStore(), [target], by));
  expect(await workflowOf(world.engine, 'both', day)).toBe('RUNNING');
  const mended = new Set<string>();
  await eventually(async () => {
    for (const kind of Object.keys(await sweep(world.engine))) mended.add(kind);
    // So eager a sweep may also take what is on its way for lost.
    expect([...mended]).toEqual(expect.arrayContaining(['closed-join', 'unreported-event']));
  });
  await workflowIs('both', day, 'COMPLETED');
  await ledgerIs('told', day, ['r1 SUCCESS']);
  expect(await world.ledger('both', day)).toEqual(['r1 SKIPPED']);
});

test('a skip that is refused says why', () => {
  const refused: LabelSkip = {
    stage: 'p.both',
    pipeline: 'p',
    timelabel: label('20010109000000'),
    revision: 2,
    left: 'judged by its check',
    event: null,
    waits: false,
  };
  expect(describeSkip(refused)).toContain('reefline release p.both 20010109000000');
});
