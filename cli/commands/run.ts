import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { isDecided } from '../../pipeline/outcome.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { labelArgument } from '../arguments.ts';
import { awaitRun, type RunEnd } from '../await-run.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { cureText, mishapText } from '../cure.ts';
import { InvalidInput } from '../invalid-input.ts';
import { requireEnded, requireOnGrid, requireStage } from '../known-stages.ts';
import { duration, rowCount } from '../moments.ts';
import { startRun } from '../run.ts';

interface RunOptions {
  readonly rerun?: true;
  readonly only?: true;
  readonly downstream?: true;
  readonly reason?: string;
  readonly wait?: true;
}

export function addRunCommand(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .description('run one label of a stage now; a label that is there with the same inputs is left alone')
    .argument('<stage>', 'pipeline.stage')
    .argument('<timelabel>', 'a timelabel, a day or a minute in UTC', labelArgument)
    .option('--rerun', 'make a new revision even though no input changed')
    .option('--only', 'start no dependents: the event is logged and delivered, and nothing follows')
    .option('--downstream', 'make a new revision, with which everything below is made again')
    .option('--reason <text>', 'why, for the decisions that "reefline runs show" lists')
    .option('--wait', 'wait for the end; the exit code is 1 when it failed')
    .action(async (stage: string, timelabel: Timelabel, options: RunOptions) => {
      await run(context, stage, timelabel, options);
    });
  withExamples(command, [
    'reefline run orders.fetch_orders 20200303110000',
    'reefline run orders.load_orders 20200303110000 --downstream --reason "late rows" --wait',
  ]);
}

async function run(
  context: CliContext,
  id: string,
  timelabel: Timelabel,
  options: RunOptions,
): Promise<void> {
  if (options.only === true && options.downstream === true)
    throw new InvalidInput(
      'Choose one: --only starts nothing below the stage, --downstream makes everything below it again.',
    );
  const db = await context.openCatalog(2);
  const stage = requireStage(await new ConfigStore().current(db), id);
  requireOnGrid(stage, timelabel);
  requireEnded(stage, timelabel, context.now());
  const client = await context.connectClient();
  const rerun = options.rerun === true || options.downstream === true;
  const asked = {
    ...(options.only === true ? { only: true } : {}),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    by: context.actor,
  };
  const workflowId = await startRun(client, stage, timelabel, rerun, asked);
  const summary = { workflowId, stage: id, timelabel, rerun, ...asked };
  if (options.wait !== true) {
    context.show(summary, () => askedText(workflowId, id, timelabel, rerun, options));
    return;
  }
  context.say(askedText(workflowId, id, timelabel, rerun, options));
  const end = await awaitRun(client, db, { workflowId, stage: id, timelabel }, context.say);
  if (!end.ok) context.exitWith(1);
  context.show({ ...summary, ...end }, () => endText(end, id, timelabel));
}

function askedText(
  workflowId: string,
  stage: string,
  timelabel: string,
  rerun: boolean,
  { only, reason }: RunOptions,
): string {
  const what = rerun ? 'a new revision' : 'a run, unless the label is there with the same inputs';
  const below = only === true ? '; nothing below it will start' : '';
  return [
    `Asked for ${workflowId}: ${what}${below}${reason === undefined ? '' : `, because: ${reason}`}.`,
    `  reefline runs show ${stage} ${timelabel}`,
    `  reefline why ${stage} ${timelabel}`,
    `  temporal workflow describe --workflow-id ${workflowId}`,
  ].join('\n');
}

function endText(end: RunEnd, stage: string, timelabel: string): string {
  const { run } = end;
  if (!end.ok) {
    const error = run?.status === 'FAILURE' ? run.error : null;
    if (run === null || error === null) return `${stage} ${timelabel} did not succeed: ${end.message}`;
    return [
      `${stage} ${timelabel} revision ${run.revision} ${isDecided(run.outcome) ? `is ${run.outcome ?? ''}` : 'failed'}: ${mishapText(run.outcome, error)}`,
      `  ${cureText({ stage, timelabel, outcome: run.outcome, error })}`,
    ].join('\n');
  }
  const { status, revision, detail } = end.result;
  if (status === 'nothing-new')
    return `${stage} ${timelabel} revision ${revision} is left as it is: ${detail}.`;
  const took =
    run?.startedAt == null || run.closedAt === null
      ? ''
      : ` after ${duration(run.closedAt.getTime() - run.startedAt.getTime())}`;
  const rows = run?.rows == null ? '' : `, ${rowCount(run.rows)}`;
  return `${stage} ${timelabel} revision ${revision} succeeded${took}${rows}.`;
}
