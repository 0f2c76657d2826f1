import { inTransaction } from '../catalog/connect.ts';
import { holdByLimit } from '../catalog/findings.ts';
import { dropHeldRuns } from '../catalog/held-runs.ts';
import { noteTold } from '../catalog/joins-to-tell.ts';
import { mendedWithinHour } from '../catalog/mendings.ts';
import { subjectOf, type Finding, type UnstartedHold, type VanishedRun } from '../pipeline/findings.ts';
import { runId } from '../pipeline/ids.ts';
import type { Opening } from '../pipeline/opening.ts';
import { planOf } from '../pipeline/run-plan.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { foreseeOpenings } from './foresee-openings.ts';
import type { ControlledRun } from './run-control.ts';
import type { SweepTools } from './sweep-tools.ts';

/**
 * Finishes what was left undone. May be repeated, and go on at the same time as live work: events have ids, openings
 * are a function of state, workflows have one id for each label.
 */
export async function mendFinding(tools: SweepTools, finding: Finding): Promise<void> {
  const { db, control } = tools;
  switch (finding.kind) {
    case 'missing-schedule':
      throw new Error('Schedules are created by "reefline apply" and "reefline doctor --repair".');
    case 'unreported-event':
      return tools.report(finding.pipeline, finding.events);
    case 'closed-join':
      if (finding.skipped === true) return control.dismiss(finding.stage, finding.timelabel);
      await control.tell(finding.stage, finding.timelabel);
      return noteTold(db, [finding]);
    case 'unstarted-hold':
      return startHold(tools, finding);
    case 'vanished-run':
      return finding.status === 'RUNNING' ? goOn(tools, finding) : ask(tools, finding, finding.trigger);
    case 'ready-but-waiting':
      return ask(tools, finding, finding.trigger);
    case 'missed-tick':
    case 'missing-label':
      return ask(tools, finding, 'schedule');
    case 'stalled-backfill':
      return control.goOnBackfill(finding.backfill, finding.turn);
    case 'stuck-delivery':
      return control.wakePublisher(finding.endpoint);
  }
}

type FoundLabel = Pick<UnstartedHold, 'stage' | 'timelabel'>;

async function ask(
  { db, configs, control }: SweepTools,
  { stage, timelabel }: FoundLabel,
  trigger: ControlledRun['trigger'],
): Promise<void> {
  const definition = (await configs.current(db)).stages.get(stage);
  // A stage that has left the configuration meanwhile has nothing to be asked.
  if (definition !== undefined) await control.ask({ stage: definition, timelabel, trigger }, null);
}

/** A run that ends like this again and again must not work for nothing, or against somebody who terminates it. */
const MOST_TIMES = 5;

/** A run in flight keeps the definition that it opened with, so it goes on even if its stage is gone. */
async function goOn({ db, configs, control }: SweepTools, run: VanishedRun): Promise<void> {
  if ((await mendedWithinHour(db, run.kind, subjectOf(run))) >= MOST_TIMES) {
    const id = runId(run.stage, run.timelabel);
    throw new Error(
      `It was let go on ${String(MOST_TIMES)} times within an hour and its workflow ended each time. Look at ${id} in the Temporal Web UI.`,
    );
  }
  const stage = (await configs.version(db, run.configVersion)).stages.get(run.stage);
  if (stage === undefined)
    throw new Error(`Config version ${String(run.configVersion)} has no stage "${run.stage}".`);
  const plan = planOf(stage, run.revision, stageQueue(stage));
  await control.goOn({ stage, timelabel: run.timelabel, trigger: run.trigger }, plan);
}

/** The opening of a run frees its hold. One that leads to no opening now has done its duty and goes. */
async function startHold(tools: SweepTools, hold: UnstartedHold): Promise<void> {
  const { db, configs, control } = tools;
  const stage = (await configs.current(db)).stages.get(hold.stage);
  const opening = stage === undefined ? undefined : await foreseeHold(tools, stage, hold);
  const drop = (): Promise<void> => inTransaction(db, (client) => dropHeldRuns(client, [hold]));
  if (stage === undefined || opening === undefined) return drop();
  switch (opening.kind) {
    case 'paused':
      return;
    case 'held':
      return inTransaction(db, (client) => holdByLimit(client, hold));
    case 'nothing-new':
      return drop();
    case 'waiting':
    case 'run':
      await control.ask({ stage, timelabel: hold.timelabel, trigger: hold.trigger }, hold.request);
      if (opening.kind === 'waiting' || opening.alreadyOpen) await drop();
  }
}

async function foreseeHold(
  { db, configs }: SweepTools,
  stage: StageDefinition,
  { timelabel, trigger, request }: UnstartedHold,
): Promise<Opening | undefined> {
  const target = { stage, timelabel, request: { trigger, rerun: request } };
  return (await foreseeOpenings(db, configs, [target]))[0];
}
