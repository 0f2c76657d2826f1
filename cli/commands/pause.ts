import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { pauseScope } from '../../catalog/pauses.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { isoMinutes } from '../moments.ts';
import { stagesOfScope } from '../scope.ts';

export function addPauseCommand(program: Command, context: CliContext): void {
  const command = program
    .command('pause')
    .description('pause a pipeline or a stage: what would run is remembered, what runs finishes')
    .argument('<scope>', 'pipeline or pipeline.stage')
    .requiredOption('--reason <text>', 'why, for whoever wonders later (required)')
    .action(async (scope: string, { reason }: { reason: string }) => {
      const db = await context.openCatalog();
      const stages = stagesOfScope(await new ConfigStore().current(db), scope);
      const { paused, already } = await pauseScope(db, scope, context.actor, reason);
      context.show({ ...paused, already, stages: stages.map(({ id }) => id) }, () =>
        already
          ? `${scope} is paused already, since ${isoMinutes(new Date(paused.since))} by ${paused.pausedBy}: ${paused.reason.replace(/\.$/, '')}. Your reason was not recorded.`
          : `${scope} is paused (${String(stages.length)} ${stages.length === 1 ? 'stage' : 'stages'}). Runs in flight finish; labels that become ready are remembered.\nSee them with: reefline resume ${scope} --dry-run`,
      );
    });
  withExamples(command, [
    'reefline pause orders.load_orders --reason "the warehouse is being resized"',
    'reefline pause orders --reason "migration of the shop"',
  ]);
}
