import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { listRuns, type RunFilter } from '../../catalog/run-views.ts';
import { RUN_STATUSES } from '../../pipeline/opening.ts';
import { OUTCOMES } from '../../pipeline/outcome.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { choiceArgument, countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requireOnGrid, requirePipeline, requireStage } from '../known-stages.ts';
import { withLabelRange } from '../label-range.ts';
import { runTable } from '../run-text.ts';

const STATUSES: readonly string[] = [...new Set([...RUN_STATUSES, ...OUTCOMES])];

export function addRunsListCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'runs')
    .command('list')
    .description('the newest runs that fit, the last one opened first')
    .option('-s, --stage <pipeline.stage>', 'only this stage')
    .option('-p, --pipeline <name>', 'only this pipeline')
    .option(
      '--status <status>',
      'a status or an outcome, such as WAITING, FAILURE or QUARANTINED',
      choiceArgument(STATUSES),
    );
  withLabelRange(command)
    .option('-n, --limit <n>', 'how many', countArgument, 20)
    .action(async ({ limit, ...filter }: RunFilter & { limit: number; label?: Timelabel }) => {
      const db = await context.openCatalog();
      if (filter.stage !== undefined && filter.label !== undefined) {
        const stage = (await new ConfigStore().current(db)).stages.get(filter.stage);
        if (stage !== undefined) requireOnGrid(stage, filter.label);
      }
      const runs = await listRuns(db, filter, limit);
      // A stage that has left the configuration still has its runs; one that never had any may be misspelt.
      if (runs.length === 0 && (filter.stage ?? filter.pipeline) !== undefined) {
        const table = await new ConfigStore().current(db);
        if (filter.stage !== undefined) requireStage(table, filter.stage);
        if (filter.pipeline !== undefined) requirePipeline(table, filter.pipeline);
      }
      context.show(runs, () => runTable(context, runs));
    });
  withExamples(command, [
    'reefline runs list --status FAILURE',
    'reefline runs list --stage orders.load_orders --from 2020-03-03 --to 2020-03-04',
  ]);
}
