import type { Command } from 'commander';
import type { WaitingPolicy } from '../../pipeline/join-effect.ts';
import { checkedProject } from '../checked-project.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { makePlan } from '../plan.ts';
import { writePlan } from '../plan-file.ts';
import { withTemporal } from '../plan-temporal.ts';
import { planText } from '../plan-text.ts';
import { waitingOption } from '../waiting-option.ts';

export function addPlanCommand(program: Command, context: CliContext): void {
  const command = program
    .command('plan')
    .description('show what applying a project would change, and what that means for waiting and past labels')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .option('-o, --out <plan.json>', 'write the plan to a file, for "reefline apply --plan"')
    .addOption(waitingOption().default('re-evaluate'))
    .action(async (dir: string, { out, waiting }: { out?: string; waiting: WaitingPolicy }) => {
      const project = await checkedProject(dir, context, 'Nothing was planned');
      const db = await context.openCatalog();
      const plan = await withTemporal((client) => makePlan(db, client, project, waiting));
      if (out !== undefined) await writePlan(out, plan);
      context.show(plan, () => planText(plan, context.paint));
      if (out !== undefined)
        context.say(`\nThe plan is in ${out}. Apply it with: reefline apply ${dir} --plan ${out}`);
    });
  withExamples(command, [
    'reefline plan',
    'reefline plan my-project --out plan.json',
    'reefline plan my-project --waiting keep --json',
  ]);
}
