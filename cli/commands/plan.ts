import { type Command, Option } from 'commander';
import { WAITING_POLICIES, type WaitingPolicy } from '../../pipeline/join-effect.ts';
import { connectClient } from '../../workers/temporal.ts';
import { checkedProject } from '../checked-project.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { makePlan } from '../plan.ts';
import { writePlan } from '../plan-file.ts';
import { planText } from '../plan-text.ts';

/** A plan is worth having without Temporal, so nobody waits long for it. Milliseconds. */
const PATIENCE = 3_000;

export function addPlanCommand(program: Command, context: CliContext): void {
  const command = program
    .command('plan')
    .description('show what applying a project would change, and what that means for waiting and past labels')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .option('-o, --out <plan.json>', 'write the plan to a file, for "reefline apply --plan"')
    .addOption(
      new Option('--waiting <policy>', 'what waiting labels do whose stage changes')
        .choices(WAITING_POLICIES)
        .default('re-evaluate'),
    )
    .action(async (dir: string, { out, waiting }: { out?: string; waiting: WaitingPolicy }) => {
      const project = await checkedProject(dir, context, 'Nothing was planned');
      const db = await context.openCatalog();
      const client = await connectClient(() => undefined, AbortSignal.timeout(PATIENCE)).catch(() => null);
      try {
        const plan = await makePlan(db, client, project, waiting);
        if (out !== undefined) await writePlan(out, plan);
        context.show(plan, () => planText(plan, context.paint));
        if (out !== undefined)
          context.say(`\nThe plan is in ${out}. Apply it with: reefline apply ${dir} --plan ${out}`);
      } finally {
        await client?.connection.close();
      }
    });
  withExamples(command, [
    'reefline plan',
    'reefline plan my-project --out plan.json',
    'reefline plan my-project --waiting keep --json',
  ]);
}
