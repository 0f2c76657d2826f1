import type { Command } from 'commander';
import { readRejections } from '../../catalog/rejections.ts';
import { countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { describeRejections } from '../describe.ts';

export function addEventsRejectedCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'events')
    .command('rejected')
    .description('messages that were no event, newest first, each with the reason')
    .option('--limit <n>', 'how many', countArgument, 20)
    .action(async (options: { limit: number }) => {
      const rejections = await readRejections(await context.openCatalog(), options.limit);
      context.show(rejections, () => describeRejections(rejections));
    });
  withExamples(command, ['reefline events rejected', 'reefline events rejected --limit 1 --json']);
}
