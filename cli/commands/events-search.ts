import type { Command } from 'commander';
import { searchEvents, type EventFilter } from '../../catalog/event-views.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import { choiceArgument, countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { eventTable } from '../event-text.ts';
import { withLabelRange } from '../label-range.ts';

export function addEventsSearchCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'events')
    .command('search')
    .description('the newest events that fit, the last one received first')
    .option('-d, --dataset <dataset>', 'only of this dataset')
    .option('-s, --stage <pipeline.stage>', 'only of runs of this stage');
  withLabelRange(command)
    .option(
      '--outcome <outcome>',
      'SUCCESS and FAILURE with all that they stand for, or a finer outcome',
      choiceArgument(OUTCOMES),
    )
    .option('--text <text>', 'only with this text anywhere in the event')
    .option('-n, --limit <n>', 'how many', countArgument, 20)
    .action(async ({ limit, ...filter }: EventFilter & { limit: number }) => {
      const events = await searchEvents(await context.openCatalog(), filter, limit);
      context.show(events, () => eventTable(context, events));
    });
  withExamples(command, [
    'reefline events search --dataset warehouse.analytics.orders --from 2020-03-03 --to 2020-03-04',
    'reefline events search --outcome FAILURE --text "permission denied"',
  ]);
}
