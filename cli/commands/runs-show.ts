import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readRun, readRunNotes } from '../../catalog/run-views.ts';
import { runId } from '../../pipeline/ids.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { countArgument, labelArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { requireOnGrid, requireStage } from '../known-stages.ts';
import { runDetailText } from '../run-text.ts';

export function addRunsShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'runs')
    .command('show')
    .description('every revision of a label: inputs, causes, times, outcome, error and cure, decisions')
    .argument('<stage>', 'pipeline.stage')
    .argument('<timelabel>', 'a timelabel, a day or a minute in UTC', labelArgument)
    .option('--revision <n>', 'only this revision', countArgument)
    .action(async (stage: string, timelabel: Timelabel, { revision }: { revision?: number }) => {
      const db = await context.openCatalog(2);
      const all = await readRun(db, stage, timelabel);
      const notes = await readRunNotes(db, stage, timelabel);
      if (all.length === 0 && notes.length === 0) {
        requireOnGrid(requireStage(await new ConfigStore().current(db), stage), timelabel);
        throw new InvalidInput(
          `${stage} has no run of ${timelabel}. To see what it waits for: reefline why ${stage} ${timelabel}. To run it: reefline run ${stage} ${timelabel}`,
        );
      }
      const revisions = all.filter((run) => revision === undefined || run.revision === revision);
      if (revisions.length === 0 && all.length > 0) {
        const known = all.map((run) => run.revision).join(', ');
        throw new InvalidInput(
          `${stage} ${timelabel} has no revision ${String(revision)}. There are ${known}.`,
        );
      }
      const value = { stage, timelabel, workflowId: runId(stage, timelabel), revisions, notes };
      context.show(value, () => runDetailText(context, revisions, notes));
    });
  withExamples(command, [
    'reefline runs show orders.load_orders 20200303110000',
    'reefline runs show orders.load_orders 20200303110000 --revision 2 --json',
  ]);
}
