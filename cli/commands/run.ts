import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { timelabelArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { startRun } from '../run.ts';

export function addRunCommand(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .description('run one label of a stage now')
    .argument('<stage>', 'pipeline.stage')
    .argument('<timelabel>', 'YYYYMMDDHHmm00, UTC', timelabelArgument)
    .option('--rerun', 'make a new revision even though no input changed')
    .action(async (stageId: string, timelabel: Timelabel, options: { rerun?: boolean }) => {
      const db = await context.openCatalog();
      const { stages } = await new ConfigStore().current(db);
      const stage = stages.get(stageId);
      if (stage === undefined)
        throw new InvalidInput(`There is no stage "${stageId}". Known are ${[...stages.keys()].join(', ')}.`);
      const client = await context.connectClient();
      const workflowId = await startRun(client, stage, timelabel, options.rerun === true);
      context.show(
        { workflowId },
        () =>
          `Asked for ${workflowId}. Watch it with: temporal workflow describe --workflow-id ${workflowId}`,
      );
    });
  withExamples(command, [
    'reefline run orders.fetch_orders 20200303110000',
    'reefline run orders.load_orders 20200303110000 --rerun',
  ]);
}
