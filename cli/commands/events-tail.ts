import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { EventFilter } from '../../catalog/event-views.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import { choiceArgument, countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { eventLine } from '../event-text.ts';
import { EventTail } from '../event-tail.ts';

/** Milliseconds between two looks of `--follow`. */
const PAUSE = 500;

export function addEventsTailCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'events')
    .command('tail')
    .description('the last events of the log, the newest at the end; with --json one event a line')
    .option('-f, --follow', 'go on with each event that arrives, until Ctrl-C')
    .option('-n, --lines <n>', 'how many to begin with', countArgument, 20)
    .option('-d, --dataset <dataset>', 'only of this dataset')
    .option('-s, --stage <pipeline.stage>', 'only of runs of this stage')
    .option(
      '--outcome <outcome>',
      'SUCCESS and FAILURE with all that they stand for, or a finer outcome',
      choiceArgument(OUTCOMES),
    )
    .option('--type <type>', 'data, metadata, or what an event is about: s3, glue, redshift …')
    .action(async ({ follow, lines, ...filter }: EventFilter & { follow?: true; lines: number }) => {
      const signal = follow === true ? context.interruption() : undefined;
      const tail = new EventTail(await context.openCatalog(), filter);
      let events = await tail.newest(lines);
      for (;;) {
        for (const event of events)
          context.print(context.wantsJson ? JSON.stringify(event) : eventLine(context, event));
        if (signal === undefined || signal.aborted) return;
        await pause(PAUSE, undefined, { signal }).catch(() => undefined);
        events = await tail.next();
      }
    });
  withExamples(command, ['reefline events tail --follow', 'reefline events tail -n 5 --outcome FAILURE']);
}
