import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readDatasetsWithColumns, readSchemaHistory } from '../../catalog/schema-history.ts';
import { suggest } from '../../config/nearest.ts';
import { countArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { schemaHistoryText } from '../schema-text.ts';

export function addSchemaHistoryCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'schema')
    .command('history')
    .description('how the columns of a dataset have changed, and which run saw it first')
    .argument('<dataset>', 'connection.schema.table')
    .option('-n, --limit <n>', 'at most so many versions, the newest', countArgument, 20)
    .action(async (dataset: string, { limit }: { limit: number }) => {
      const history = await readSchemaHistory(await context.openCatalog(), dataset, limit);
      if (history.length === 0) await refuse(context, dataset);
      context.show(history, () => schemaHistoryText(context, history));
    });
  withExamples(command, [
    'reefline schema history warehouse.analytics.orders',
    'reefline schema history lake.shop.orders --limit 1 --json',
  ]);
}

/** @throws InvalidInput that says whether the dataset is unknown, or none of its runs has seen columns. */
async function refuse(context: CliContext, dataset: string): Promise<never> {
  const db = await context.openCatalog();
  const seen = await readDatasetsWithColumns(db);
  const { project } = await new ConfigStore().current(db);
  const stage = project.stages.find(({ id, output }) => id === dataset || output === dataset);
  if (stage?.output === dataset)
    throw new InvalidInput(
      `No run of ${stage.id} has reported the columns of ${dataset} yet. See its runs with: reefline runs list --stage ${stage.id}`,
    );
  if (stage !== undefined)
    throw new InvalidInput(`${dataset} is a stage: ask for the dataset that it produces, ${stage.output}.`);
  const cure = suggest(dataset, seen, 'datasets are written connection.schema.table');
  throw new InvalidInput(`No run has seen columns of a dataset "${dataset}": ${cure}`);
}
