import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { labelArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requireOnGrid, requireStage } from '../known-stages.ts';
import { describeSkip, isSkipped, skipAndTell } from '../skip.ts';

export function addSkipCommand(program: Command, context: CliContext): void {
  const command = program
    .command('skip')
    .description('give labels up, also while they wait: they are not made from the inputs that are there now')
    .argument('<stage>', 'pipeline.stage')
    .argument(
      '<timelabel...>',
      'timelabels, days or minutes in UTC; one or more',
      (text: string, before: readonly Timelabel[] | undefined) => [...(before ?? []), labelArgument(text)],
    )
    .requiredOption('--reason <text>', 'why, for the record (required)')
    .action(async (id: string, labels: readonly Timelabel[], { reason }: { reason: string }) => {
      const db = await context.openCatalog(2);
      const configs = new ConfigStore();
      const stage = requireStage(await configs.current(db), id);
      for (const label of labels) requireOnGrid(stage, label);
      const targets = [...new Set(labels)].map((timelabel) => ({ stage, timelabel }));
      const client = await context.connectClient();
      const skips = await skipAndTell(db, configs, client, targets, { actor: context.actor, reason });
      context.show(skips, () => skips.map(describeSkip).join('\n'));
      if (!skips.every(isSkipped)) context.exitWith(1);
    });
  withExamples(command, [
    'reefline skip marts.daily_revenue 20200303000000 --reason "the supplier will never send this day"',
    'reefline skip orders.load_orders 20200303110000 20200303120000 --reason "the shop was closed"',
  ]);
}
