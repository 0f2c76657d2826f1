import { type Command, Option } from 'commander';
import type pg from 'pg';
import { draftBackfill, overlapProblem, type BackfillDraft } from '../../activities/backfill-draft.ts';
import { readBackfill } from '../../catalog/backfill.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { inTransaction } from '../../catalog/connect.ts';
import { plannedLabels } from '../../pipeline/backfill-plan.ts';
import {
  DEFAULT_CONCURRENT,
  parseInstant,
  readBackfillRequest,
  RERUN_MODES,
  type BackfillRequest,
} from '../../pipeline/backfill-request.ts';
import { backfillId } from '../../pipeline/ids.ts';
import { choiceArgument, labelArgument } from '../arguments.ts';
import { newBackfillName, startBackfill, untilPlanned } from '../backfill-orders.ts';
import { draftText, planTotals } from '../backfill-text.ts';
import { groupOf, withExamples } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';

interface CreateOptions {
  readonly from: string;
  readonly to: string;
  readonly downstream?: true;
  readonly only?: true;
  readonly rerun: string;
  readonly maxConcurrent: number;
  readonly backwards?: true;
  readonly reason?: string;
  readonly id?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addBackfillCreateCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'backfill')
    .command('create')
    .description('run a range of labels of a stage or a pipeline, after showing what that means')
    .argument('<target>', 'pipeline.stage, or a pipeline for all its stages')
    .requiredOption(
      '--from <label>',
      'first label: 2020-03-01, 2020-03-01T06:00Z or 20200301060000 (required)',
      border,
    )
    .requiredOption('--to <label>', 'labels before this one, written like --from (required)', border)
    .option('--downstream', 'also everything that the events of these stages start')
    .option('--only', 'keep the events of this one stage from starting anything')
    .addOption(
      new Option('--rerun <which>', 'none: what is missing, failed or out of date; failed; all')
        .choices(RERUN_MODES)
        .argParser(choiceArgument(RERUN_MODES))
        .default('none'),
    )
    .option('--max-concurrent <n>', 'most runs in flight, 1 to 500', Number, DEFAULT_CONCURRENT)
    .option('--backwards', 'the newest labels first')
    .option('--reason <text>', 'why, for whoever wonders later')
    .option('--id <name>', 'name of the backfill; without it one is made from the target and the range')
    .option('--dry-run', 'only show what it would do')
    .option('-y, --yes', 'do not ask')
    .action(async (target: string, options: CreateOptions) => {
      const request = requestOf(target, options, context.actor);
      const id = options.id ?? newBackfillName(request);
      const db = await context.openCatalog(2);
      await requireNewId(db, id);
      const draft = await draftNow(db, id, request, context.now());
      if (options.dryRun === true) {
        context.show(draftReport(request, draft), () => draftText(context, request, draft));
        return;
      }
      const overlap = overlapProblem(draft.held);
      if (overlap !== undefined) throw new InvalidInput(overlap);
      if (!context.wantsJson) context.print(`${draftText(context, request, draft)}\n`);
      await create(context, db, { id, request, draft, yes: options.yes === true });
    });
  withExamples(command, [
    'reefline backfill create orders.fetch_orders --from 2020-03-01 --to 2020-04-01 --downstream --dry-run',
    'reefline backfill create orders --from 2020-03-01 --to 2020-04-01 --rerun failed --yes',
  ]);
}

/** What the workflow reads as a border stays as it is written; the other spellings of this CLI become a timelabel. */
function border(text: string): string {
  return parseInstant(text) === undefined ? labelArgument(text) : text;
}

function requestOf(target: string, options: CreateOptions, by: string): BackfillRequest {
  const { from, to, downstream, only, rerun, maxConcurrent, backwards, reason } = options;
  const read = readBackfillRequest({
    ...{ target, from, to, downstream, only, rerun, maxConcurrent, backwards, reason, by },
  });
  if ('request' in read) return read.request;
  throw new InvalidInput(read.problems.join(' '), { problems: read.problems });
}

async function requireNewId(db: pg.Pool, id: string): Promise<void> {
  if (!/^[\w.:@-]{1,200}$/.test(id))
    throw new InvalidInput(
      `"${id}" is no name of a backfill: up to 200 letters, digits, and the characters . _ : @ - are understood.`,
    );
  const known = await readBackfill(db, id);
  if (known === undefined) return;
  throw new InvalidInput(
    `There is a backfill "${id}" already (${known.status}). Choose another --id, or: reefline backfill show ${id}`,
  );
}

async function draftNow(
  db: pg.Pool,
  id: string,
  request: BackfillRequest,
  now: number,
): Promise<BackfillDraft> {
  const table = await new ConfigStore().current(db);
  const draft = await inTransaction(db, (client) => draftBackfill(client, table, id, request, now));
  if ('problem' in draft) throw new InvalidInput(draft.problem);
  return draft;
}

function draftReport(request: BackfillRequest, { stages, held, paused }: BackfillDraft): object {
  const { toRun, inFlight, incomplete } = planTotals(stages);
  return { request, toRun, inFlight, incomplete, stages, held, paused };
}

async function create(
  context: CliContext,
  db: pg.Pool,
  wanted: { id: string; request: BackfillRequest; draft: BackfillDraft; yes: boolean },
): Promise<void> {
  const { id, request, draft, yes } = wanted;
  const report = draftReport(request, draft);
  if (plannedLabels(planTotals(draft.stages)) === 0) {
    context.show({ id: null, ...report }, () => 'There is nothing to do, so no backfill was created.');
    return;
  }
  if (context.interactive && !yes && !(await confirm('Start this backfill?'))) {
    context.say('Nothing was started.');
    context.exitWith(1);
    return;
  }
  const client = await context.connectClient();
  await startBackfill(client, id, request);
  const planned = await untilPlanned(client, db, id);
  context.show({ id, workflowId: backfillId(id), planned, ...report }, () =>
    planned
      ? `Started backfill ${id}. Watch it with: reefline backfill show ${id} --watch`
      : `Started backfill ${id}, and no worker has taken it up yet. It begins when one runs.`,
  );
}
