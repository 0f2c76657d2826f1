import type { Command } from 'commander';
import type pg from 'pg';
import { ConfigStore } from '../../catalog/config-store.ts';
import { searchEvents, type EventFilter } from '../../catalog/event-views.ts';
import { suggest } from '../../config/nearest.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import type { RoutingTable } from '../../pipeline/routing.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { choiceArgument, countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { eventTable } from '../event-text.ts';
import { InvalidInput } from '../invalid-input.ts';
import { requireOnGrid, requireStage } from '../known-stages.ts';
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
    .action(async ({ limit, ...filter }: EventFilter & { limit: number; label?: Timelabel }) => {
      const db = await context.openCatalog();
      const table = await new ConfigStore().current(db);
      if (filter.label !== undefined) requireLabel(table, filter, filter.label);
      const events = await searchEvents(db, filter, limit);
      // What has left the configuration still has its events; a name that never had any may be misspelt.
      if (events.length === 0) await requireKnown(db, table, filter);
      context.show(events, () => eventTable(context, events));
    });
  withExamples(command, [
    'reefline events search --dataset warehouse.analytics.orders --from 2020-03-03 --to 2020-03-04',
    'reefline events search --outcome FAILURE --text "permission denied"',
  ]);
}

function requireLabel(table: RoutingTable, { dataset, stage }: EventFilter, label: Timelabel): void {
  const named = table.stages.get(stage ?? table.datasets.get(dataset ?? '')?.producer ?? '');
  if (named !== undefined) requireOnGrid(named, label);
}

/** Refuses a stage and a dataset of which the log has nothing, and which the configuration does not know either. */
async function requireKnown(
  db: pg.Pool,
  table: RoutingTable,
  { dataset, stage }: EventFilter,
): Promise<void> {
  if (stage !== undefined && (await searchEvents(db, { stage }, 1)).length === 0) requireStage(table, stage);
  if (dataset === undefined || table.datasets.has(dataset)) return;
  if ((await searchEvents(db, { dataset }, 1)).length > 0) return;
  const cure = suggest(dataset, table.datasets.keys(), 'datasets are written connection.schema.table');
  throw new InvalidInput(`There is no dataset "${dataset}": ${cure}`);
}
