import { randomBytes } from 'node:crypto';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Command } from 'commander';
import type pg from 'pg';
import { readBackfill } from '../../catalog/backfill.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { ROUTING_QUEUE, syncId } from '../../pipeline/ids.ts';
import { requireExtract } from '../../pipeline/sync-loads.ts';
import type { SyncResult } from '../../pipeline/sync-report.ts';
import { syncFields, type SyncRequest } from '../../pipeline/sync-request.ts';
import { backfillSearchAttributes } from '../../workflows/search-attributes.ts';
import { orderBackfill, requireBackfill } from '../backfill-orders.ts';
import { groupOf, withExamples } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { requireStage } from '../known-stages.ts';
import { syncRequest, type SyncOptions } from '../sync-input.ts';
import { syncText } from '../sync-text.ts';
import { showBackfill } from './backfill-show.ts';

/** Milliseconds after which a person is told what is going on. */
const REMARK_AFTER = 3_000;

export function addSyncCreateCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'sync')
    .command('create')
    .description('find labels of an extract at its source, and make them and all below them again')
    .argument('<stage>', 'pipeline.stage of an extract')
    .option('--full', 'every label from the first to the last row of the source')
    .option('--columns <names>', 'labels that were extracted before the source had these columns: a,b')
    .option(
      '--from <label>',
      'labels with rows from here on: 2020-03-01, 2020-03-01T06:00Z or 20200301060000',
    )
    .option('--to <label>', 'labels before this one, written like --from')
    .option('--keys <keys>', 'labels that hold these rows, at the source or in the warehouse: 17,18')
    .option('--keys-file <file>', 'the same, one key a line; of several columns as JSON: ["DE", 17]')
    .option(
      '--key-columns <names>',
      'columns that identify a row; without it those of the load or publish below',
    )
    .option('--find-deletes', 'compare the keys with those in the warehouse, and sync labels that differ')
    .option('--max-concurrent <n>', 'most runs in flight, 1 to 500', Number)
    .option('--reason <text>', 'why, for whoever wonders later')
    .option('--id <name>', 'name of the sync and of its backfill; without it one is made')
    .option('--dry-run', 'only show what it would do')
    .option('-y, --yes', 'do not ask')
    .action(async (stage: string, options: SyncOptions) => {
      await createSync(context, stage, options);
    });
  withExamples(command, [
    'reefline sync create orders.fetch_orders --keys 17,18 --dry-run',
    'reefline sync create orders.fetch_orders --from 2020-03-01 --to 2020-04-01 --find-deletes --yes',
  ]);
}

export function addSyncShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'sync')
    .command('show')
    .description('how far the backfill of a sync is; the same as "reefline backfill show"')
    .argument('<id>', 'as "reefline sync create" said')
    .option('-w, --watch', 'until it ends or Ctrl-C')
    .action(async (id: string, options: { watch?: true }) => {
      await showBackfill(context, id.replace(/^sync\//u, ''), options.watch === true);
    });
  withExamples(command, ['reefline sync show orders.fetch_orders-full-1f0c --watch']);
}

async function createSync(context: CliContext, stage: string, options: SyncOptions): Promise<void> {
  const asks = context.interactive && options.yes !== true && options.dryRun !== true;
  const request = syncRequest(stage, options, { by: context.actor, hold: asks });
  const db = await context.openCatalog(2);
  const table = await new ConfigStore().current(db);
  requireStage(table, stage);
  const known = requireExtract(table, request);
  if ('problem' in known) throw new InvalidInput(known.problem);
  const id = options.id ?? `${stage}-${request.select.kind}-${randomBytes(3).toString('hex')}`;
  await requireNewName(db, id);
  const client = await context.connectClient();
  const result = await runSync(context, client, id, request);
  if (result === undefined) return;
  if (!asks || result.backfill === null) {
    context.show(result, () => syncText(context, result, request));
    return;
  }
  context.print(`${syncText(context, result, request)}\n`);
  await decide(context, db, client, result.backfill);
}

/** The backfill waits in the catalog while a person thinks; whoever goes away leaves it there, paused. */
async function decide(context: CliContext, db: pg.Pool, client: Client, id: string): Promise<void> {
  const agreed = await confirm('Start this backfill?');
  await orderBackfill(client, await requireBackfill(db, id), agreed ? 'resume' : 'cancel');
  if (agreed) context.print(`Started backfill ${id}. Watch it with: reefline sync show ${id} --watch`);
  else {
    context.say(`Nothing was started. The list of backfills keeps ${id} as cancelled.`);
    context.exitWith(1);
  }
}

async function requireNewName(db: pg.Pool, id: string): Promise<void> {
  if (!/^[\w.:@-]{1,200}$/.test(id))
    throw new InvalidInput(
      `"${id}" is no name of a sync: up to 200 letters, digits, and the characters . _ : @ - are understood.`,
    );
  if ((await readBackfill(db, id)) !== undefined)
    throw new InvalidInput(`There is a backfill "${id}" already. Choose another --id.`);
}

/** Starts the sync and waits for its plan; undefined when the person went away, while the sync goes on. */
async function runSync(
  context: CliContext,
  client: Client,
  id: string,
  request: SyncRequest,
): Promise<SyncResult | undefined> {
  const workflowId = syncId(id);
  const handle = await client.workflow.start('historicalSync', {
    workflowId,
    taskQueue: ROUTING_QUEUE,
    args: [syncFields(request)],
    staticSummary: `historical sync of ${request.stage}`,
    typedSearchAttributes: backfillSearchAttributes(request.stage),
  });
  const remark = setTimeout(() => {
    context.say(
      `Looking into the source of ${request.stage}, in the workflow ${workflowId}. A worker of its connection must run.`,
    );
  }, REMARK_AFTER);
  const gone = new Promise<undefined>((resolve) => {
    context.interruption().addEventListener('abort', () => {
      resolve(undefined);
    });
  });
  try {
    const result = await Promise.race([handle.result() as Promise<SyncResult>, gone]);
    if (result === undefined)
      context.say(`${workflowId} goes on. To end it: temporal workflow cancel --workflow-id ${workflowId}`);
    return result;
  } catch (error) {
    throw refusalIn(error) ?? error;
  } finally {
    clearTimeout(remark);
  }
}

const REFUSALS: readonly string[] = ['invalid_config', 'not_found', 'conflict'];

/** What the person can mend by asking for something else ends with 2. */
function refusalIn(error: unknown): InvalidInput | undefined {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || !REFUSALS.includes(cause.type ?? '')) return undefined;
  return new InvalidInput(cause.message);
}
