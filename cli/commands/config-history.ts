import type { Command } from 'commander';
import { readHistory } from '../../catalog/config-history.ts';
import { countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import { historyText } from '../config-text.ts';
import type { CliContext } from '../context.ts';

export function addConfigHistoryCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'config')
    .command('history')
    .description('the newest config versions: when, by whom, how much they changed, and why')
    .option('-n, --limit <n>', 'how many', countArgument, 20)
    .action(async ({ limit }: { limit: number }) => {
      const history = await readHistory(await context.openCatalog(), limit);
      context.show(history, () => historyText(context, history));
    });
  withExamples(command, ['reefline config history', 'reefline config history --limit 100 --json']);
}
