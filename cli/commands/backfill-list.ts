import type { Command } from 'commander';
import { listBackfills } from '../../catalog/backfill.ts';
import { countArgument } from '../arguments.ts';
import { backfillTable } from '../backfill-text.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';

export function addBackfillListCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'backfill')
    .command('list')
    .description('backfills, the newest first, and how far they are')
    .option('-n, --limit <n>', 'how many', countArgument, 20)
    .action(async ({ limit }: { limit: number }) => {
      const backfills = await listBackfills(await context.openCatalog(), limit);
      context.show(backfills, () => backfillTable(context, backfills));
    });
  withExamples(command, ['reefline backfill list', 'reefline backfill list --limit 5 --json']);
}
