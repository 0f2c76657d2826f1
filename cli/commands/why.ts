import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readStandingFacts } from '../../catalog/why.ts';
import { explain } from '../../pipeline/explanation.ts';
import type { StandingFacts } from '../../pipeline/explanation-facts.ts';
import { instantOf, type Timelabel } from '../../pipeline/timelabel.ts';
import { labelArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { purgedBefore, purgedText } from '../purged.ts';
import { findLabel, findSubject } from '../why-subject.ts';
import { commandOf, whyText } from '../why-text.ts';
import { readWorkflow } from '../why-workflow.ts';

export function addWhyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('why')
    .description('why a label stands as it does: what ran, what waits for what, and what to type next')
    .argument('<name>', 'a dataset, connection.schema.table, or a stage, pipeline.stage')
    .argument('[label]', 'a timelabel, a day or a minute in UTC; without it the newest known', labelArgument)
    .action(async (name: string, label: Timelabel | undefined) => {
      const { facts, cutoff } = await readFacts(context, name, label);
      const explanation = explain(facts);
      const { next, ...said } = explanation;
      const steps = next.map((step) => (step.kind === 'nothing' ? { what: step.what } : commandOf(step)));
      const purged = cutoff === undefined ? [] : [purgedText(cutoff)];
      context.show(
        { ...said, next: steps, facts, ...(cutoff === undefined ? {} : { purgedBefore: cutoff }) },
        () => [whyText(context, explanation), ...purged].join('\n\n'),
      );
    });
  withExamples(command, [
    'reefline why warehouse.analytics.orders 20200303110000',
    'reefline why orders.load_orders 2020-03-03T11:00',
    'reefline why orders.daily_revenue 2020-03-03 --json',
  ]);
}

async function readFacts(
  context: CliContext,
  name: string,
  label: Timelabel | undefined,
): Promise<{ readonly facts: StandingFacts; readonly cutoff: Date | undefined }> {
  const db = await context.openCatalog(2);
  const configs = new ConfigStore();
  const table = await configs.current(db);
  const named = await findSubject(db, table, name);
  const timelabel = await findLabel(db, table, named, label, context.now());
  const facts = await readStandingFacts(db, configs, { ...named, timelabel }, context.now());
  // If the label is so old that it may concern its own events.
  const cutoff = purgedBefore(table.project, instantOf(timelabel), context.now());
  const status = facts.runs.at(-1)?.status;
  const isOpen = status === 'RUNNING' || status === 'WAITING';
  if (!isOpen || facts.stageId === null) return { facts, cutoff };
  const workflow = await readWorkflow(facts.stageId, timelabel);
  return { facts: { ...facts, workflow }, cutoff };
}
